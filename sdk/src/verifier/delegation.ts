import { isJsonObject, type JsonObject } from '../strict-json.ts'
import { VerifyError } from '../verify-error.ts'
import { type ActClaim, type ChainLink, delegationMax } from '../wire.ts'

/**
 * Who acts with a token in its subject's place (RFC 8693 §4.1), undefined when the subject does. Every actor has to stand in
 * the chain, so that a stop of any of them stops the token; and the one who acts now is the client that it was issued to.
 */
export const readActor = (
  payload: JsonObject,
  { sub, chain }: { readonly sub: string; readonly chain: readonly ChainLink[] | undefined },
): ActClaim | undefined => {
  const { act: claimed, client_id: client } = payload
  const act = claimed === undefined ? undefined : readAct(claimed, delegationMax.actors)
  if (client !== (act?.sub ?? sub)) throw new VerifyError('claim_invalid')
  const presented = new Set(chain?.map((link) => link.sub))
  if (!actorsOf(act).every((actor) => presented.has(actor))) throw new VerifyError('claim_invalid')
  return act
}

/** Those who act for the subject, the one who acts now first. */
export const actorsOf = (act: ActClaim | undefined): readonly string[] =>
  act === undefined ? [] : [act.sub, ...actorsOf(act.act)]

/** The presented tokens that a token goes back to. */
export const readChain = (value: unknown): readonly ChainLink[] | undefined => {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length === 0 || value.length > delegationMax.links)
    throw new VerifyError('claim_invalid')
  return Object.freeze(value.map(readLink))
}

const readLink = (value: unknown): ChainLink => {
  if (!isJsonObject(value)) throw new VerifyError('claim_invalid')
  const { jti, sub, owner, credential, instance, issuer } = value
  return Object.freeze({
    jti: text(jti),
    sub: text(sub),
    owner: text(owner),
    credential: text(credential),
    instance: instance === undefined ? undefined : text(instance),
    issuer: issuer === undefined ? undefined : text(issuer),
  })
}

const readAct = (value: unknown, left: number): ActClaim => {
  if (!isJsonObject(value) || left === 0) throw new VerifyError('claim_invalid')
  return Object.freeze({
    sub: text(value.sub),
    act: value.act === undefined ? undefined : readAct(value.act, left - 1),
  })
}

const text = (value: unknown): string => {
  if (typeof value !== 'string' || value === '') throw new VerifyError('claim_invalid')
  return value
}
