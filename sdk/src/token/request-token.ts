import { decodeJwt, decodeProtectedHeader } from 'jose'
import { type BoundedAnswer, type Fetch, fetchText } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'
import { keyTarget, revocationTargets, type ScopedTarget } from '../revocation-target.ts'
import { isJsonObject, type JsonObject } from '../strict-json.ts'
import { readChain } from '../verifier/delegation.ts'
import type { PresentedScheme } from '../verify-error.ts'
import type { AuthenticatedParts } from './client-auth.ts'
import type { Sender } from './sender.ts'
import type { TokenEndpoint } from './token-endpoint.ts'
import { TokenError } from './token-error.ts'

/** A token as it is held: its times are of the monotonic clock, which no correction of the host's moves. */
export interface HeldToken {
  readonly token: string
  readonly obtainedAtMs: number
  readonly endsAtMs: number
  /** What would stop it; empty when the token does not say. */
  readonly targets: readonly ScopedTarget[]
}

/** A token to act with for the subject of another one (RFC 8693), or to narrow one's own. */
export interface ExchangeOptions {
  /** The token that was handed over; asked for anew at each renewal, as no token outlives the one that it came of. */
  readonly subjectToken: () => Promise<string>
}

/** Asks once for a token by client credentials (RFC 6749 §4.4) or by exchange, for one resource (RFC 8707). */
export const requestToken = async ({
  endpoint,
  audience,
  scope,
  details,
  mayAct,
  exchange,
  authenticate,
  sender,
  fetch,
  clock,
  signal,
}: {
  endpoint: TokenEndpoint
  audience: string
  scope: string | undefined
  /** The text of `authorization_details` (RFC 9396 §5). */
  details?: string | undefined
  mayAct?: string | undefined
  exchange?: ExchangeOptions | undefined
  authenticate: () => Promise<AuthenticatedParts>
  sender: Sender
  fetch: Fetch
  clock: Clock
  signal: AbortSignal
}): Promise<HeldToken> => {
  const url = await endpoint.url(signal)
  const send = async (proof: AuthenticatedParts) => {
    const form = {
      ...(exchange === undefined ? { grant_type: 'client_credentials' } : await exchangeForm(exchange)),
      resource: audience,
      ...(scope === undefined ? {} : { scope }),
      ...(details === undefined ? {} : { authorization_details: details }),
      ...(mayAct === undefined ? {} : { may_act: mayAct }),
      ...proof.form,
    }
    const sent = await sender.present('POST', url)
    const headers = {
      ...proof.headers,
      ...sent.headers,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    }
    // Before the request: the token lives from some moment after this.
    const obtainedAtMs = clock.monotonicMs()
    const body = new URLSearchParams(form).toString()
    const answer = await fetchText({ fetch, clock }, url, { method: 'POST', headers, body, signal }).catch(
      (cause: unknown) => {
        throw new TokenError('issuer_unreachable', 'the issuer gave no answer', { cause })
      },
    )
    const said = bodyOf(answer)
    const isToRepeat = sent.hear(answer.headers, answer.status === 400 && said.error === 'use_dpop_nonce')
    return { answer, obtainedAtMs, body: said, isToRepeat }
  }
  const ask = async () => {
    const proof = await authenticate()
    let isGranted = false
    try {
      const heard = await send(proof)
      isGranted = heard.answer.status === 200
      return heard
    } finally {
      await proof.settle?.(isGranted)
    }
  }
  const first = await ask()
  // RFC 9449 §8: the same once more, with the nonce, and with a proof of the client that was not used yet.
  const { answer, obtainedAtMs, body } = first.isToRepeat ? await ask() : first
  if (answer.status >= 500 || answer.status === 429)
    throw new TokenError('issuer_unreachable', unavailable(answer.status, body), refusalDetail(body))
  if (answer.status !== 200) throw refused(answer.status, body)
  const { access_token: token, token_type: type, expires_in: lifeSeconds = lifeSecondsAssumed } = body
  // RFC 9449 §5: a token of another type is not bound as it was asked to be.
  if (typeof token !== 'string' || token === '' || !isOfType(type, sender.scheme))
    throw new TokenError('answer_malformed', `the issuer gave no token of the type ${sender.scheme}`)
  // RFC 8705 §3: where somebody on the way ended TLS, the issuer saw no certificate, or another one.
  if (sender.showsCertificate === true && !isBoundToCertificate(token))
    throw new TokenError('answer_malformed', 'the issuer gave a token that is bound to no certificate')
  if (typeof lifeSeconds !== 'number' || !(lifeSeconds > 0 && lifeSeconds <= lifeSecondsMax))
    throw new TokenError('answer_malformed', 'the issuer gave a token without a sound lifetime')
  return { token, obtainedAtMs, endsAtMs: obtainedAtMs + lifeSeconds * 1000, targets: await targetsOf(token) }
}

const isBoundToCertificate = (token: string): boolean => {
  try {
    const { cnf } = decodeJwt(token)
    return isJsonObject(cnf) && typeof cnf['x5t#S256'] === 'string'
  } catch {
    return false
  }
}

const isOfType = (type: unknown, scheme: PresentedScheme): boolean =>
  typeof type === 'string' && type.toLowerCase() === scheme.toLowerCase()

// RFC 8693 §2.1.
const exchangeForm = async ({ subjectToken }: ExchangeOptions) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: (await subjectToken()).trim(),
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
})

// RFC 6749 §5.1 only recommends expires_in.
const lifeSecondsAssumed = 60
const lifeSecondsMax = 86_400

const bodyOf = ({ text }: BoundedAnswer): JsonObject => {
  try {
    const body: unknown = JSON.parse(text)
    return isJsonObject(body) ? body : {}
  } catch {
    return {}
  }
}

/** What the issuer said of why it gives none now, as OAuth has it or as a problem (RFC 9457), and what to do. */
const unavailable = (status: number, { error_description, detail, hint }: JsonObject): string => {
  const said = [error_description, ...(error_description === undefined ? [detail, hint] : [])].flatMap(
    (part) => optionalText(part) ?? [],
  )
  return `the issuer answered ${status}${said.length === 0 ? '' : `: ${said.join('; ')}`}`
}

const refused = (status: number, body: JsonObject): TokenError => {
  const detail = refusalDetail(body)
  const said = optionalText(body.error_description) ?? detail.oauthError ?? `status ${status}`
  return new TokenError('token_refused', `the issuer refused a token: ${said}`, detail)
}

const refusalDetail = (body: JsonObject) => ({
  oauthError: optionalText(body.error),
  issuerCode: optionalText(body.code),
  traceId: optionalText(body.trace_id),
  decisionId: optionalText(body.decision_id),
})

const optionalText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.slice(0, 500) : undefined

/** Read without verifying: nothing is allowed by it, and who holds the token only learns when to drop it. */
const targetsOf = async (token: string): Promise<ScopedTarget[]> => {
  let claims: JsonObject
  let kid: unknown
  try {
    claims = { ...decodeJwt(token) }
    kid = decodeProtectedHeader(token).kid
  } catch {
    return []
  }
  const { iss, sub, jti, reeve } = claims
  if (!isJsonObject(reeve) || typeof iss !== 'string' || typeof sub !== 'string' || typeof jti !== 'string') return []
  const { owner, credential, instance, issuer } = reeve
  if (typeof owner !== 'string' || typeof credential !== 'string') return []
  const chain = chainOf(reeve.chain)
  const targets = await revocationTargets({
    iss,
    sub,
    jti,
    reeve: { owner, credential, instance: textOrNone(instance), issuer: textOrNone(issuer), chain },
  })
  return typeof kid === 'string' ? [...targets, keyTarget(kid)] : targets
}

const textOrNone = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const chainOf = (chain: unknown) => {
  try {
    return readChain(chain)
  } catch {
    return undefined
  }
}
