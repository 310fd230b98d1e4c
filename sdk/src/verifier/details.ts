import { isJsonObject } from '../strict-json.ts'
import { VerifyError } from '../verify-error.ts'
import type { AuthorizationDetail, DetailValue } from '../wire.ts'

/** What a use needs of one authorization detail: its type, and what that has to say at least. */
export interface RequiredDetail {
  readonly type: string
  readonly [field: string]: DetailValue
}

/** Reads the claim (RFC 9396 §9.1). INVARIANT: one that is not understood refuses the token; none is left out. */
export const readDetails = (value: unknown): readonly AuthorizationDetail[] => {
  if (!Array.isArray(value) || value.length > DETAILS_MAX) throw new VerifyError('claim_invalid')
  return Object.freeze(value.map(readDetail))
}

const DETAILS_MAX = 10

const readDetail = (value: unknown): AuthorizationDetail => {
  if (!isJsonObject(value)) throw new VerifyError('claim_invalid')
  const { type, actions } = value
  const members = Object.entries(value).map(([name, member]): [string, DetailValue] => [name, readValue(member)])
  if (typeof type !== 'string' || !isTexts(actions)) throw new VerifyError('claim_invalid')
  return Object.freeze({ ...Object.fromEntries(members), type, actions: Object.freeze([...actions]) })
}

const readValue = (value: unknown): DetailValue => {
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value)) return scalar(value)
  if (!isTexts(value)) throw new VerifyError('claim_invalid')
  return Object.freeze([...value])
}

const scalar = (value: unknown): string | number | boolean => {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value
  throw new VerifyError('claim_invalid')
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')

/** What the token lacks: one detail that says all that is needed; of a list it has to hold each, of a value the same. */
export const detailRefusal = (
  held: readonly AuthorizationDetail[],
  required: RequiredDetail,
  action: string | undefined,
): VerifyError | undefined =>
  held.some((detail) => isEnough(detail, required) && (action === undefined || detail.actions.includes(action)))
    ? undefined
    : new VerifyError('insufficient_scope', { requiredScopes: action === undefined ? [] : [action] })

const isEnough = (detail: AuthorizationDetail, required: RequiredDetail): boolean =>
  Object.entries(required).every(([name, value]) => {
    const said = Object.hasOwn(detail, name) ? detail[name] : undefined
    return typeof value === 'object'
      ? typeof said === 'object' && value.every((each) => said.includes(each))
      : said === value
  })
