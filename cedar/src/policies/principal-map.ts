import { emptyLayeredMap, type LayeredMap } from '../layered-map.ts'
import type { Wanted } from './head.ts'
import type { Tree } from './policy-tree.ts'

/** Policies by what they ask of their principal; never changes, `with` makes another. */
export interface PrincipalMap {
  ofAnybody(): Tree | undefined
  ofType(type: string): Tree | undefined
  ofEntity(type: string, id: string): Tree | undefined
  /** All that is listed under entities of a type. */
  entitiesOf(type: string): LayeredMap<OfEntity> | undefined
  /** What is listed under what a policy asks. */
  listed(want: Wanted): Tree | undefined
  with(changes: ReadonlyMap<Wanted, Tree | undefined>): PrincipalMap
}

/** A map without entries. */
export const emptyPrincipalMap = (): PrincipalMap => principalMap(undefined, new Map(), new Map())

/** The policies about one entity. */
export interface OfEntity extends Tree {
  readonly id: string
}

const principalMap = (
  anybody: Tree | undefined,
  byType: ReadonlyMap<string, Tree>,
  byEntity: ReadonlyMap<string, LayeredMap<OfEntity>>,
): PrincipalMap => {
  const ofEntity = (type: string, id: string): Tree | undefined => byEntity.get(type)?.get(id)
  return {
    ofAnybody: () => anybody,
    ofType: (type) => byType.get(type),
    ofEntity,
    entitiesOf: (type) => byEntity.get(type),
    listed(want) {
      const { entity, type } = placeOf(want)
      if (entity) return ofEntity(entity.type, entity.id)
      return type === undefined ? anybody : byType.get(type)
    },
    with(changes) {
      let nextAnybody = anybody
      const nextByType = new Map(byType)
      const ofEntities = new Map<string, Map<string, OfEntity | undefined>>()
      for (const [want, tree] of changes) {
        const { entity, type } = placeOf(want)
        if (entity) {
          const ids = ofEntities.get(entity.type) ?? new Map<string, OfEntity | undefined>()
          ofEntities.set(entity.type, ids.set(entity.id, tree && { ...tree, id: entity.id }))
        } else if (type === undefined) nextAnybody = tree
        else if (tree === undefined) nextByType.delete(type)
        else nextByType.set(type, tree)
      }
      const nextByEntity = new Map(byEntity)
      for (const [type, ids] of ofEntities)
        nextByEntity.set(type, (nextByEntity.get(type) ?? emptyLayeredMap<OfEntity>()).with(ids))
      return principalMap(nextAnybody, nextByType, nextByEntity)
    },
  }
}

// A principal is compared with at most one entity, so a policy is in one place.
const placeOf = ({ equal, anyOf, type }: Wanted) => ({ entity: equal ?? anyOf?.[0], type })
