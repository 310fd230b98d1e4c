import { type EntityValue, failure, isFailure, type Result } from '../values/value.ts'
import { type Compiled, folded, type Surroundings } from './compiled.ts'

const NOT_ENTITY = failure('type error: expected an entity')
const NOT_ENTITIES = failure('type error: expected an entity or a set of entities')

/** Whether an entity is of a type. */
export const isOfType = (left: Compiled, type: string): Compiled =>
  folded([left], (at) => {
    const entity = left.run(at)
    if (isEntity(entity)) return entity.type === type
    return isFailure(entity) ? entity : NOT_ENTITY
  })

/** Whether an entity is another, or one of several, or below one of them. */
export const isIn = (left: Compiled, right: Compiled): Compiled => {
  const [first, second] = [left.run, right.run]
  return {
    run(at) {
      const entity = first(at)
      const within = second(at)
      if (!isEntity(entity)) return isFailure(entity) ? entity : firstFailure(within)
      if (isEntity(within)) return isBelow(at, entity, within.key)
      if (typeof within !== 'object' || within.kind !== 'set') return isFailure(within) ? within : NOT_ENTITIES
      // All of the set must be entities, also when one that was met already decides.
      let found = false
      for (const item of within.items) {
        if (!isEntity(item)) return NOT_ENTITIES
        found ||= isBelow(at, entity, item.key)
      }
      return found
    },
  }
}

const isBelow = (at: Surroundings, entity: EntityValue, key: string): boolean => {
  if (entity.key === key) return true
  // The variables are nodes already.
  const node =
    entity === at.principal
      ? at.principal
      : entity === at.resource
        ? at.resource
        : at.entities.find(entity.type, entity.id)
  return node !== undefined && at.entities.above(node).keys.has(key)
}

const firstFailure = (result: Result): Result => (isFailure(result) ? result : NOT_ENTITY)

const isEntity = (result: Result): result is EntityValue => typeof result === 'object' && result.kind === 'entity'
