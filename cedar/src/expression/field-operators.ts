import { type Fields, failure, isFailure, placeOf, type Result, type Value, valueAt } from '../values/value.ts'
import { type Compiled, folded } from './compiled.ts'

const NOT_FIELDED = failure('type error: expected a record or an entity')
const NOT_ENTITY = failure('type error: expected an entity')
const NOT_STRING = failure('type error: expected a string')
const NOT_LISTED = failure('the entity does not exist')

/** A field of a record, or an attribute of an entity. */
export const attribute = (left: Compiled, name: string): Compiled => {
  const field = fieldReader(name)
  const absent = failure(`there is no attribute ${JSON.stringify(name)}`)
  return onFields(left, (fields) => field(fields) ?? absent, NOT_LISTED)
}

/** Whether a record has a field, or an entity an attribute. */
export const hasAttribute = (left: Compiled, name: string): Compiled => {
  const field = fieldReader(name)
  return onFields(left, (fields) => field(fields) !== undefined, false)
}

/** A tag of an entity. */
export const tag = (left: Compiled, name: Compiled): Compiled => {
  const absent = failure('there is no such tag')
  return onTags(left, name, (found) => found ?? absent, NOT_LISTED)
}

/** Whether an entity has a tag. */
export const hasTag = (left: Compiled, name: Compiled): Compiled =>
  onTags(left, name, (found) => found !== undefined, false)

/** Reads one field of records, and remembers where it stood: records of one shape share their list of names. */
const fieldReader = (name: string): ((fields: Fields) => Value | undefined) => {
  let shape: readonly string[] | undefined
  let place = -1
  return (fields) => {
    if (fields.names !== shape) {
      shape = fields.names
      place = placeOf(shape, name)
    }
    return valueAt(fields, place)
  }
}

const onFields = (left: Compiled, judge: (fields: Fields) => Result, ofNobody: Result): Compiled => {
  const { run, variable } = left
  if (variable)
    return {
      run(at) {
        const node = at[variable]
        return node.isListed ? judge(node) : ofNobody
      },
    }
  const compiled: Compiled = {
    run(at) {
      const value = run(at)
      if (typeof value !== 'object') return NOT_FIELDED
      if (value.kind === 'record') return judge(value)
      if (value.kind !== 'entity') return isFailure(value) ? value : NOT_FIELDED
      const node = at.entities.find(value.type, value.id)
      return node ? judge(node) : ofNobody
    },
  }
  return isEntity(left.constant) ? compiled : folded([left], compiled.run)
}

const onTags = (
  left: Compiled,
  right: Compiled,
  judge: (tag: Value | undefined) => Result,
  ofNobody: Result,
): Compiled => {
  const [first, second] = [left.run, right.run]
  const compiled: Compiled = {
    run(at) {
      const entity = first(at)
      const name = second(at)
      if (!isEntity(entity)) return isFailure(entity) ? entity : NOT_ENTITY
      if (typeof name !== 'string') return isFailure(name) ? name : NOT_STRING
      const node = at.entities.find(entity.type, entity.id)
      if (!node) return ofNobody
      return judge(valueAt(node.tags, placeOf(node.tags.names, name)))
    },
  }
  return isEntity(left.constant) ? compiled : folded([left, right], compiled.run)
}

const isEntity = (result: Result | undefined): result is Extract<Result, { kind: 'entity' }> =>
  typeof result === 'object' && result.kind === 'entity'
