import { emptyLayeredMap, type LayeredMap } from '../layered-map.ts'
import type { Wanted } from './head.ts'

/** Things by what policies ask of their principal; never changes, `with` makes another. */
export interface PrincipalMap<Value> {
  ofAnybody(): Value | undefined
  ofType(type: string): Value | undefined
  ofEntity(type: string, id: string): Value | undefined
  /** What is listed under what a policy asks. */
  listed(want: Wanted): Value | undefined
  with(changes: ReadonlyMap<Wanted, Value | undefined>): PrincipalMap<Value>
}

/** A map without entries. */
export const emptyPrincipalMap = <Value>(): PrincipalMap<Value> => principalMap(undefined, new Map(), new Map())

const principalMap = <Value>(
  anybody: Value | undefined,
  byType: ReadonlyMap<string, Value>,
  byEntity: ReadonlyMap<string, LayeredMap<Value>>,
): PrincipalMap<Value> => {
  const ofEntity = (type: string, id: string): Value | undefined => byEntity.get(type)?.get(id)
  return {
    ofAnybody: () => anybody,
    ofType: (type) => byType.get(type),
    ofEntity,
    listed(want) {
      const { entity, type } = placeOf(want)
      if (entity) return ofEntity(entity.type, entity.id)
      return type === undefined ? anybody : byType.get(type)
    },
    with(changes) {
      let nextAnybody = anybody
      const nextByType = new Map(byType)
      const ofEntities = new Map<string, Map<string, Value | undefined>>()
      for (const [want, value] of changes) {
        const { entity, type } = placeOf(want)
        if (entity) {
          const ids = ofEntities.get(entity.type) ?? new Map<string, Value | undefined>()
          ofEntities.set(entity.type, ids.set(entity.id, value))
        } else if (type === undefined) nextAnybody = value
        else if (value === undefined) nextByType.delete(type)
        else nextByType.set(type, value)
      }
      const nextByEntity = new Map(byEntity)
      for (const [type, ids] of ofEntities)
        nextByEntity.set(type, (nextByEntity.get(type) ?? emptyLayeredMap<Value>()).with(ids))
      return principalMap(nextAnybody, nextByType, nextByEntity)
    },
  }
}

// A principal is compared with at most one entity, so a policy is in one place.
const placeOf = ({ equal, anyOf, type }: Wanted) => ({ entity: equal ?? anyOf?.[0], type })
