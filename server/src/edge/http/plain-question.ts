import type { Question } from '../../policy/index.ts'

/** Bounds of what a question names. */
export const TYPE_MAX = 200
export const ID_MAX = 1_000
export const NAME_MAX = 200

/**
 * A question in the form in which most are asked, read without the schema, which costs more than the decision does.
 * INVARIANT: what this reads, the schema reads as the same; for all else it is undefined, and the schema judges.
 */
export const plainQuestion = (body: unknown, otherwise: Stated = NOTHING): Question | undefined => {
  if (!isObject(body)) return undefined
  const subject = entityOf(body.subject)
  const action = actionOf(body.action)
  const resource = entityOf(body.resource)
  const context = body.context === undefined ? otherwise : statedOf(body.context)
  if (subject === undefined || action === undefined || resource === undefined || context === undefined) return undefined
  return { subject, action, resource, context }
}

type Stated = Question['context']

const NOTHING: Stated = {}

const entityOf = (value: unknown): Question['subject'] | undefined => {
  if (!isObject(value) || !isName(value.type, TYPE_MAX) || !isName(value.id, ID_MAX)) return undefined
  const properties = statedOf(value.properties)
  return properties === undefined ? undefined : { type: value.type, id: value.id, properties }
}

const actionOf = (value: unknown): Question['action'] | undefined => {
  if (!isObject(value) || !isName(value.name, TYPE_MAX)) return undefined
  const properties = statedOf(value.properties)
  return properties === undefined ? undefined : { name: value.name, properties }
}

const statedOf = (value: unknown): Stated | undefined => {
  if (value === undefined) return NOTHING
  return isObject(value) && Object.keys(value).every((name) => name.length <= NAME_MAX) ? value : undefined
}

const isName = (value: unknown, charsMax: number): value is string =>
  typeof value === 'string' && value !== '' && value.length <= charsMax

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
