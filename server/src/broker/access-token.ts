import { type AccessTokenClaims, delegationMax } from '@reeve/sdk'
import type { JsonObject } from './domain/compact-jwt.ts'

/** The claims of an access token of ours (RFC 9068 §2.2), or undefined when something else was signed with our key. */
export const readAccessClaims = (claims: JsonObject): AccessTokenClaims | undefined =>
  isAccessClaims(claims) ? claims : undefined

// We wrote these ourselves and checked our signature; what is checked again is what this process relies on.
const isAccessClaims = (claims: JsonObject): claims is JsonObject & AccessTokenClaims => {
  const { iss, sub, client_id, aud, exp, iat, jti, scope, cnf, act, may_act, reeve } = claims
  const areTexts = [iss, sub, client_id, aud, jti, scope].every((value) => typeof value === 'string')
  if (!areTexts || !Number.isSafeInteger(exp) || !Number.isSafeInteger(iat)) return false
  // INVARIANT: what it is bound to is understood, or it is no token.
  if (cnf !== undefined && !isConfirmation(cnf)) return false
  if (typeof reeve !== 'object' || reeve === null) return false
  const { name, environment, owner, credential, instance, issuer, chain }: Fields = { ...reeve }
  return (
    [name, environment, owner, credential].every((value) => typeof value === 'string') &&
    [instance, issuer].every(isTextOrNone) &&
    (may_act === undefined || typeof fieldsOf(may_act).sub === 'string') &&
    (chain === undefined || (Array.isArray(chain) && chain.length <= delegationMax.links && chain.every(isLink))) &&
    isAct(act, delegationMax.actors)
  )
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null

const isConfirmation = (cnf: unknown): boolean =>
  isObject(cnf) &&
  Object.keys(cnf).length > 0 &&
  Object.entries(cnf).every(([name, value]) => BINDINGS.includes(name) && typeof value === 'string')

// RFC 9449 §6.1, RFC 8705 §3.1.
const BINDINGS = ['jkt', 'x5t#S256']

type Fields = Partial<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {})

const isLink = (link: unknown): boolean => {
  const { jti, sub, owner, credential, instance, issuer } = fieldsOf(link)
  const areTexts = [jti, sub, owner, credential].every((value) => typeof value === 'string')
  return areTexts && [instance, issuer].every(isTextOrNone)
}

const isTextOrNone = (value: unknown): boolean => value === undefined || typeof value === 'string'

const isAct = (act: unknown, left: number): boolean => {
  if (act === undefined) return true
  const { sub, act: before } = fieldsOf(act)
  return typeof sub === 'string' && left > 0 && isAct(before, left - 1)
}
