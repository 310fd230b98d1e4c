import { isObject, type JsonObject, parseJson, textOf, textsOf } from '../json-value.ts'
import { covers } from './glob.ts'

/** A statement of a policy document: of a trust policy as of one that grants. */
export interface Statement {
  readonly sid: string
  readonly effect: 'Allow' | 'Deny'
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly resources: readonly string[]
  readonly notResources: readonly string[]
  readonly principals: readonly Principal[]
  /** Everybody but some: `NotPrincipal`. */
  readonly hasNotPrincipal: boolean
  readonly conditions: readonly Condition[]
}

/** Whom a trust policy names. */
export interface Principal {
  readonly type: string
  readonly value: string
}

/** One key of a condition; `key` is in lower case, as AWS compares keys. */
export interface Condition {
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
}

/** Reads a policy document: an object, its text, or its text in URL encoding as the API sends it. */
export const readPolicy = (value: unknown): readonly Statement[] | undefined => {
  const document = typeof value === 'string' ? parseJson(plain(value)) : value
  if (!isObject(document) || !Object.hasOwn(document, 'Statement')) return undefined
  const { Statement } = document
  const statements = Array.isArray(Statement) ? Statement : [Statement]
  return statements.slice(0, STATEMENTS_MAX).filter(isObject).flatMap(statementOf)
}

/** Whether a document says who may become something, rather than what something may do. */
export const isTrustPolicy = (statements: readonly Statement[]): boolean =>
  statements.some(
    ({ principals, hasNotPrincipal, actions }) =>
      (principals.length > 0 || hasNotPrincipal) && actions.some((action) => /^(?:sts:|\*$)/i.test(action)),
  )

/** Whether a statement is about an action. */
export const speaksOf = ({ actions, notActions }: Statement, action: string): boolean =>
  actions.length > 0
    ? actions.some((pattern) => covers(pattern, action))
    : notActions.length > 0 && !notActions.some((pattern) => covers(pattern, action))

/** Whether a statement is about every resource there is. */
export const isEverything = ({ resources, notResources }: Statement): boolean =>
  resources.some((resource) => /^\*+$/.test(resource)) || (resources.length === 0 && notResources.length === 0)

// A document has at most 10,240 characters at AWS: what is longer was not exported from there.
const STATEMENTS_MAX = 500
const NAMES_MAX = 2500
const NAME_CHARS_MAX = 2048

const namesOf = (value: unknown): readonly string[] =>
  textsOf(value)
    .slice(0, NAMES_MAX)
    .map((name) => name.slice(0, NAME_CHARS_MAX))

const plain = (text: string): string => {
  if (!text.startsWith('%7B')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

const statementOf = (raw: JsonObject): Statement[] => {
  const effect = textOf(raw, 'Effect')
  if (effect !== 'Allow' && effect !== 'Deny') return []
  return [
    {
      sid: textOf(raw, 'Sid'),
      effect,
      actions: namesOf(raw.Action),
      notActions: namesOf(raw.NotAction),
      resources: namesOf(raw.Resource),
      notResources: namesOf(raw.NotResource),
      principals: principalsOf(raw.Principal),
      hasNotPrincipal: Object.hasOwn(raw, 'NotPrincipal'),
      conditions: conditionsOf(raw.Condition),
    },
  ]
}

const principalsOf = (value: unknown): Principal[] => {
  if (typeof value === 'string') return [{ type: 'AWS', value }]
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([type, names]) => namesOf(names).map((name) => ({ type, value: name })))
}

const conditionsOf = (value: unknown): Condition[] =>
  isObject(value)
    ? Object.entries(value).flatMap(([operator, keys]) =>
        isObject(keys)
          ? Object.entries(keys).map(([key, values]) => ({ operator, key: key.toLowerCase(), values: namesOf(values) }))
          : [],
      )
    : []
