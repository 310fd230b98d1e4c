import { isWellFormed, type Request } from '@reeve/cedar'

/**
 * Says what makes a request unfit to be decided, or nothing; the official engine dies or leaks on some of these. Of the
 * entities only those are looked at that are not ready.
 */
export const requestProblem = (request: Request, own: unknown = request?.entities): string | undefined => {
  const whole: unknown = request
  if (!isObject(whole)) return 'the request is not an object'
  for (const name of NAMED) if (!isUid(whole[name])) return `the request has no proper ${name}`
  if (!isObject(whole.context)) return 'the request has no context'
  return entitiesProblem(own) ?? valueProblem(whole.context, 0)
}

/** Says what makes entities unfit to be decided on, or nothing. */
export const entitiesProblem = (entities: unknown): string | undefined => {
  if (!Array.isArray(entities)) return 'the request has no entities'
  if (entities.length > ENTITIES_MAX) return `the request names more than ${ENTITIES_MAX} entities`
  if (!entities.every(isEntity)) return 'the request has an entity without a name, attributes or parents'
  return valueProblem(entities, 0)
}

const NAMED = ['principal', 'action', 'resource'] as const

// The engine computes the closure of the hierarchy for each request: quadratic in a chain, 2 s at 2,000 entities.
const ENTITIES_MAX = 500
const DEPTH_MAX = 64
const PARENTS_MAX = 500

const isUid = (value: unknown): boolean =>
  isObject(value) && isText(value.type) && isText(value.id) && value.type !== ''

const isEntity = (value: unknown): boolean => {
  if (!isObject(value) || !isUid(value.uid) || !isObject(value.attrs)) return false
  const { parents, tags } = value
  if (tags !== undefined && !isObject(tags)) return false
  return Array.isArray(parents) && parents.length <= PARENTS_MAX && parents.every(isUid)
}

const valueProblem = (value: unknown, depth: number): string | undefined => {
  if (typeof value === 'boolean') return undefined
  if (typeof value === 'string') return isText(value) ? undefined : 'a text is not valid Unicode'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? undefined : 'a number is not a safe whole number'
  if (depth > DEPTH_MAX) return `a value is nested deeper than ${DEPTH_MAX} levels`
  if (Array.isArray(value)) return firstProblem(value, depth)
  if (!isObject(value)) return 'a value is null or of a kind that policies do not know'
  for (const name of Object.keys(value)) {
    if (!isWellFormed(name)) return 'a name is not valid Unicode'
    const part = value[name]
    // An absent optional field may be written as undefined; it is left out of what the engine reads.
    const problem = part === undefined ? undefined : valueProblem(part, depth + 1)
    if (problem) return problem
  }
  return undefined
}

const firstProblem = (values: unknown[], depth: number): string | undefined => {
  for (const value of values) {
    const problem = valueProblem(value, depth + 1)
    if (problem) return problem
  }
  return undefined
}

// A lone surrogate has no UTF-8 form, so two different ids would reach the engine as one, or not at all.
const isText = (value: unknown): boolean => typeof value === 'string' && isWellFormed(value)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
