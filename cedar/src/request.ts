import type { EntityUid } from './entity-uid.ts'

/** A Cedar value in the official JSON form; whole numbers only, and null does not exist. */
export type CedarValue = boolean | number | string | CedarValue[] | EntityReference | ExtensionCall | CedarRecord

/** A value that names an entity. */
export interface EntityReference {
  __entity: EntityUid
}

/** A value of an extension type (`datetime`, `duration`, `ip`, `decimal`), written as the call that makes it. */
export interface ExtensionCall {
  __extn: { fn: string; arg: CedarValue } | { fn: string; args: CedarValue[] }
}

/** Named values; attributes of an entity and the context are records. */
export interface CedarRecord {
  [name: string]: CedarValue
}

/** One entity with its attributes, its direct parents and its tags. */
export interface Entity {
  uid: EntityUid
  attrs: CedarRecord
  parents: EntityUid[]
  tags?: CedarRecord
}

/** Everything that a decision depends on besides the policies. */
export interface Request {
  principal: EntityUid
  action: EntityUid
  resource: EntityUid
  context: CedarRecord
  entities: Entity[]
}
