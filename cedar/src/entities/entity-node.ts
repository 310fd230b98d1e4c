import type { EntityUid } from '../entity-uid.ts'
import { hashOf } from '../frozen-table.ts'
import type { SeenAbove, SeenEntity } from '../policies/seen.ts'
import { type EntityValue, entityValue, type Fields, type RecordValue, recordValue } from '../values/value.ts'

/**
 * An entity with everything that a decision asks of it at hand. Its attributes are in it, not beside it: of 100,000
 * entities most are not in the processor's caches, and each thing that lies apart is waited for once more.
 */
export interface EntityNode extends EntityValue, Fields {
  /** The hash of the id, for tables. */
  readonly hash: number
  /** False for an entity that is named and not described: it has no attributes, and only itself is known of it. */
  readonly isListed: boolean
  readonly tags: RecordValue
  readonly parents: readonly EntityValue[]
  readonly above: Ancestors
  /** What policies know it by; found out when first asked. */
  seen: SeenEntity | undefined
}

/** All ancestors of an entity; shared by those that have the same parents. */
export interface Ancestors {
  /** The keys of all ancestors, without the entity's own. */
  readonly keys: ReadonlySet<string>
  readonly list: readonly string[]
  /** What policies know them by; found out when first asked, for all that share them. */
  seen: SeenAbove | undefined
}

/** The entities that one decision sees. */
export interface EntityView {
  find(type: string, id: string): EntityNode | undefined
  /** The ancestors of an entity, as the decision sees them. */
  above(node: EntityNode): Ancestors
}

/** Makes a node of an entity that is described; every node is made here, so that all have one form. */
export const entityNode = (
  { type, id, key }: EntityValue,
  attributes: Fields,
  tags: RecordValue,
  parents: readonly EntityValue[],
  above: Ancestors = NO_ANCESTORS,
  isListed = true,
): EntityNode => ({
  // What every decision asks for comes first, where one access to memory finds it.
  kind: 'entity',
  id,
  hash: hashOf(id),
  above,
  type,
  isListed,
  names: attributes.names,
  at0: attributes.at0,
  at1: attributes.at1,
  at2: attributes.at2,
  at3: attributes.at3,
  at4: attributes.at4,
  at5: attributes.at5,
  at6: attributes.at6,
  at7: attributes.at7,
  more: attributes.more,
  seen: undefined,
  tags,
  key,
  parents,
})

/** An entity that is named and not described. */
export const unlistedNode = (uid: EntityUid): EntityNode =>
  entityNode(entityValue(uid), NO_FIELDS, NO_FIELDS, [], NO_ANCESTORS, false)

/** No field at all. */
export const NO_FIELDS: RecordValue = recordValue([], [])

/** Nothing above. */
export const NO_ANCESTORS: Ancestors = { keys: new Set(), list: [], seen: undefined }

/** No entity at all. */
export const NO_VIEW: EntityView = { find: () => undefined, above: (node) => node.above }
