import { isJsonObject, type JsonObject } from '../strict-json.ts'
import { VerifyError } from '../verify-error.ts'
import type { AccessTokenClaims, Confirmation, ReeveClaims, WorkflowClaims } from '../wire.ts'
import { readActor, readChain } from './delegation.ts'
import { readDetails } from './details.ts'

/** Reads the claims of a verified access token (RFC 9068 §2.2); every one of a wrong form refuses the token. */
export const readClaims = (
  payload: JsonObject,
  { lifetimeSecondsMax }: { lifetimeSecondsMax: number },
): AccessTokenClaims => {
  const sub = text(payload.sub)
  const iat = seconds(payload.iat)
  const exp = seconds(payload.exp)
  // Nothing lives for ever.
  ensure(exp > iat && exp - iat <= lifetimeSecondsMax)
  const reeve = readReeve(payload.reeve)
  const act = readActor(payload, { sub, chain: reeve.chain })
  return Object.freeze({
    iss: text(payload.iss),
    sub,
    client_id: act?.sub ?? sub,
    aud: audience(payload.aud),
    exp,
    iat,
    nbf: payload.nbf === undefined ? undefined : seconds(payload.nbf),
    jti: text(payload.jti),
    scope: payload.scope === undefined ? '' : text(payload.scope, 0),
    cnf: payload.cnf === undefined ? undefined : readConfirmation(payload.cnf),
    act,
    may_act: payload.may_act === undefined ? undefined : readParty(payload.may_act),
    status: payload.status === undefined ? undefined : readStatus(payload.status),
    authorization_details:
      payload.authorization_details === undefined ? undefined : readDetails(payload.authorization_details),
    reeve,
  })
}

/** INVARIANT: a token that is bound in a way that is not understood here is not let in as if it were bound to nothing. */
const readConfirmation = (value: unknown): Confirmation => {
  if (!isJsonObject(value)) throw new VerifyError('claim_invalid')
  const { jkt, 'x5t#S256': x5t, ...others } = value
  ensure(Object.keys(others).length === 0 && (jkt !== undefined || x5t !== undefined))
  return Object.freeze({ jkt: optionalText(jkt), 'x5t#S256': optionalText(x5t) })
}

// Token Status List §6.2; mechanisms that are not known here are left out.
const readStatus = (value: unknown): AccessTokenClaims['status'] => {
  if (!isJsonObject(value)) throw new VerifyError('claim_invalid')
  const { status_list: list } = value
  if (list === undefined) return undefined
  if (!isJsonObject(list)) throw new VerifyError('claim_invalid')
  return Object.freeze({ status_list: Object.freeze({ idx: seconds(list.idx), uri: text(list.uri) }) })
}

const readReeve = (value: unknown): ReeveClaims => {
  if (!isJsonObject(value)) throw new VerifyError('claim_invalid')
  const { tier, principal_type } = value
  if (tier !== 'low' && tier !== 'medium' && tier !== 'high') throw new VerifyError('claim_invalid')
  if (principal_type !== 'nhi') throw new VerifyError('claim_invalid')
  return Object.freeze({
    principal_type,
    name: text(value.name),
    environment: text(value.environment),
    tier,
    owner: text(value.owner),
    credential: text(value.credential),
    workflow: value.workflow === undefined ? undefined : readWorkflow(value.workflow),
    instance: optionalText(value.instance),
    issuer: optionalText(value.issuer),
    chain: readChain(value.chain),
  })
}

const readParty = (value: unknown): { readonly sub: string } => {
  if (!isJsonObject(value)) throw new VerifyError('claim_invalid')
  return Object.freeze({ sub: text(value.sub) })
}

const readWorkflow = (value: unknown): WorkflowClaims => {
  if (!isJsonObject(value)) throw new VerifyError('claim_invalid')
  return Object.freeze({
    name: text(value.name),
    repository: optionalText(value.repository),
    run: optionalText(value.run),
  })
}

const ensure = (isRight: boolean): void => {
  if (!isRight) throw new VerifyError('claim_invalid')
}

const text = (value: unknown, lengthMin = 1): string => {
  if (typeof value !== 'string' || value.length < lengthMin) throw new VerifyError('claim_invalid')
  return value
}

const optionalText = (value: unknown): string | undefined => (value === undefined ? undefined : text(value))

/** Whole seconds only: RFC 7519 allows fractions, this issuer writes none, and 1e308 is no time. */
const seconds = (value: unknown): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new VerifyError('claim_invalid')
  return value
}

const audience = (value: unknown): string | readonly string[] => {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) throw new VerifyError('claim_invalid')
  return Object.freeze(value.map((each: unknown) => text(each)))
}
