import type { EntityUid } from '../entity-uid.ts'
import { type EntityValue, entityValue, type RecordValue, recordValue } from '../values/value.ts'

/** An entity with everything that a decision asks of it at hand. */
export interface EntityNode extends EntityValue {
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
  isListed: false,
  attributes: NO_FIELDS,
  tags: NO_FIELDS,
  parents: [],
  above: NO_ANCESTORS,
})

/** No field at all. */
export const NO_FIELDS: RecordValue = recordValue([], [])

/** Nothing above. */
export const NO_ANCESTORS: Ancestors = { keys: new Set(), list: [], isLasting: true }

/** No entity at all. */
export const NO_VIEW: EntityView = { find: () => undefined, above: (node) => node.above }
