import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { checkedIssuer } from '../issuer-url.ts'
import { isJsonObject, type JsonObject } from '../strict-json.ts'
import { issuerPaths } from '../wire.ts'

/** What a receiver of security events needs to know. */
export interface SetVerifierOptions {
  /** Who tells them: the issuer of the tokens. */
  readonly issuer: string
  /** Who this receiver is: the `aud` of its stream. */
  readonly audience: string
  /** Lets keys be fetched without TLS from a host that is not this machine. */
  readonly allowsPlainHttp?: boolean
}

/** A security event that the issuer signed for this receiver. */
export interface SecurityEvent {
  /** The same whenever this event is told again: keep it with what came of it, and do nothing twice. */
  readonly id: string
  /** The URI of what happened. */
  readonly type: string
  /** To whom or what (RFC 9493). */
  readonly subject: JsonObject
  readonly event: JsonObject
  readonly at: Date
  /** One for all events of one cause. */
  readonly cause: string | undefined
}

/** What RFC 8935 §2.4 has a receiver answer of an event that it cannot take: 400, with this as `err`. */
export type SetErrorCode = 'invalid_request' | 'invalid_key' | 'invalid_issuer' | 'invalid_audience'

/** An event that is not believed. */
export class SetError extends Error {
  override readonly name = 'SetError'
  readonly code: SetErrorCode

  constructor(code: SetErrorCode, options?: ErrorOptions) {
    super(`the security event token is not believed: ${code}`, options)
    this.code = code
  }
}

/** Checks that security events are from the issuer, and for this receiver. */
export interface SetVerifier {
  /** Throws a SetError where one is not believed, and another error where its keys cannot be had now: then answer 503. */
  verify(set: string): Promise<SecurityEvent>
}

/**
 * Verifies the events of one stream (RFC 8417, Shared Signals Framework 1.0 §4).
 *
 * @example
 * const events = createSetVerifier({ issuer: 'https://reeve.example', audience: 'nhi_of_this_api' })
 * const { id, subject } = await events.verify(body)
 */
export const createSetVerifier = (options: SetVerifierOptions): SetVerifier => {
  const issuer = checkedIssuer(options.issuer, options)
  const keys = createRemoteJWKSet(new URL(issuer + issuerPaths.keys))
  // RFC 8725 §3.1, §3.11: the algorithms and the type are fixed here, and no header says otherwise.
  const expected = { issuer, audience: options.audience, typ: 'secevent+jwt', algorithms: ['RS256', 'ES256'] }
  return {
    verify: async (set) => {
      const { payload } = await jwtVerify(set, keys, expected).catch((cause: unknown) => {
        const code = codeOf(cause)
        throw code === undefined ? cause : new SetError(code, { cause })
      })
      return read(payload)
    },
  }
}

const read = (payload: JWTPayload): SecurityEvent => {
  const { jti, iat, exp, events, sub_id: subject, txn } = payload
  const [[type, event] = [], ...others] = isJsonObject(events) ? Object.entries(events) : []
  // RFC 8417 §2.2: no exp, so that an event is nothing else; §4.1.3 of SSF: one event.
  if (jti === undefined || iat === undefined || exp !== undefined || others.length > 0 || type === undefined)
    throw new SetError('invalid_request')
  if (!isJsonObject(subject) || !isJsonObject(event)) throw new SetError('invalid_request')
  return { id: jti, type, subject, event, at: new Date(iat * 1000), cause: typeof txn === 'string' ? txn : undefined }
}

const codeOf = (error: unknown): SetErrorCode | undefined => {
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === 'iss' ? 'invalid_issuer' : error.claim === 'aud' ? 'invalid_audience' : 'invalid_request'
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey)
    return 'invalid_key'
  const isUnread = [
    errors.JWSInvalid,
    errors.JWTInvalid,
    errors.JWTExpired,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
  ]
  return isUnread.some((kind) => error instanceof kind) ? 'invalid_request' : undefined
}
