import type { EntityUid } from '../entity-uid.ts'
import { type EntityValue, entityValue, type RecordValue } from '../values/value.ts'

/** An entity with everything that a decision asks of it at hand. */
export interface EntityNode extends EntityValue {
  /** What heads of policies that ask for the type are listed under. */
  readonly typeKey: string
  /** False for an entity that is named and not described: it has no attributes, and only itself is known of it. */
  readonly isListed: boolean
  readonly attributes: RecordValue
  readonly tags: RecordValue
  readonly parents: readonly EntityValue[]
  readonly above: Ancestors
}

/** All ancestors of an entity; shared by those that have the same parents. */
export interface Ancestors {
  /** The keys of all ancestors, without the entity's own. */
  readonly keys: ReadonlySet<string>
  readonly list: readonly string[]
  /** Whether they outlive the decision, so that what is found out about them is worth remembering. */
  readonly isLasting: boolean
}

/** The entities that one decision sees. */
export interface EntityView {
  find(type: string, id: string): EntityNode | undefined
  /** The ancestors of an entity, as the decision sees them. */
  above(node: EntityNode): Ancestors
}

/** An entity that is named and not described. */
export const unlistedNode = (uid: EntityUid): EntityNode => ({
  ...entityValue(uid),
  typeKey: typeKey(uid.type),
  isListed: false,
  attributes: NO_FIELDS,
  tags: NO_FIELDS,
  parents: [],
  above: NO_ANCESTORS,
})

/** What a policy about all entities of a type is listed under. INVARIANT: never the key of an entity, for lack of a quote. */
export const typeKey = (type: string): string => `is ${type}`

/** No field at all. */
export const NO_FIELDS: RecordValue = { kind: 'record', names: [], values: [] }

/** Nothing above. */
export const NO_ANCESTORS: Ancestors = { keys: new Set(), list: [], isLasting: true }

/** No entity at all. */
export const NO_VIEW: EntityView = { find: () => undefined, above: (node) => node.above }
