import type { ActionConstraint, EntityUid, EstUid } from '@reeve/cedar'

/** The actions and groups that a head names. The slot of a template may be filled with any, as where none is named. */
export const namedActions = (constraint: ActionConstraint): readonly EntityUid[] | undefined => {
  if (constraint.op === 'All' || !('entities' in constraint || 'entity' in constraint)) return undefined
  const named = 'entities' in constraint ? constraint.entities : [constraint.entity]
  return named.map(uidOf)
}

/** The type and the id of an entity, in either of its two spellings. */
export const uidOf = (entity: EstUid): EntityUid => ('__entity' in entity ? entity.__entity : entity)
