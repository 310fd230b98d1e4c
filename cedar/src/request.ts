import type { EntityUid } from './entity-uid.ts'

/**
 * A Cedar value in the official JSON form; whole numbers only, and null does not exist.
 *
 * JSON in JavaScript has numbers up to 2^53; `CedarValue<number | bigint>` holds all of the 64 bits.
 */
export type CedarValue<Long = number> =
  | boolean
  | Long
  | string
  | CedarValue<Long>[]
  | EntityReference
  | ExtensionCall
  | CedarRecord<Long>

/** A value that names an entity. */
export interface EntityReference {
  __entity: EntityUid
}

/** A value of an extension type (`datetime`, `duration`, `ip`, `decimal`), written as the call that makes it. */
export interface ExtensionCall {
  __extn: { fn: string; arg: CedarValue } | { fn: string; args: CedarValue[] }
}

/** Named values; attributes of an entity and the context are records. */
export interface CedarRecord<Long = number> {
  [name: string]: CedarValue<Long>
}

/** One entity with its attributes, its direct parents and its tags. */
export interface Entity<Long = number> {
  uid: EntityUid
  attrs: CedarRecord<Long>
  parents: EntityUid[]
  tags?: CedarRecord<Long>
}

/** Everything that a decision depends on besides the policies. */
export interface Request<Long = number> {
  principal: EntityUid
  action: EntityUid
  resource: EntityUid
  context: CedarRecord<Long>
  entities: Entity<Long>[]
}

/** A request whose numbers may be bigints. */
export type ExactRequest = Request<number | bigint>

/** An entity whose numbers may be bigints. */
export type ExactEntity = Entity<number | bigint>
