import {
  type Introspected,
  type Introspection,
  type IssuedToken,
  JWT_BEARER_GRANT,
  type OAuthRequest,
  type TokenRequestKind,
} from '../../broker/index.ts'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Log } from '../../kit/log.ts'
import type { Answer } from './answer.ts'
import type { FailureLimit } from './failure-limit.ts'
import { DEVICE_GRANT, type Logins } from './logins.ts'
import { oauthError } from './oauth-error.ts'

/** What the OAuth endpoints ask the broker. */
export interface OAuthFaces {
  issueToken(request: OAuthRequest): Promise<IssuedToken | Fault>
  introspectToken(request: OAuthRequest): Promise<Introspected<Introspection> | Fault>
  /** The same as a signed JWT (RFC 9701). */
  introspectSigned(request: OAuthRequest): Promise<Introspected<string> | Fault>
  revokeToken(request: OAuthRequest): Promise<undefined | Fault>
  /** What the next DPoP proof must hold. */
  dpopNonce(): Promise<string>
  /** Records a request that could not be read, and hands the fault back. */
  refuse(kind: TokenRequestKind, request: OAuthRequest, fault: Fault): Promise<Fault>
}

/** What the endpoints stand on. */
export interface OAuthParts {
  readonly broker: OAuthFaces
  /** How people log in where they have no key; absent where there are no people. */
  readonly logins?: Logins | undefined
  readonly log: Log
  /** How many failed proofs of one address are told and recorded. */
  readonly failures: FailureLimit
  issuer(): string
}

/** One endpoint: whichever way a request came, this is what it is answered. */
export interface OAuthEndpoint {
  readonly path: string
  /** Records a request that could not be read, and hands the fault back. */
  refuse(request: OAuthRequest, fault: Fault): Promise<Fault>
  /** `accept`: the types that the caller takes, as it wrote them. */
  answer(request: OAuthRequest, accept: string | undefined): Promise<Answer>
  /** What is answered for something that went wrong on the way. */
  failure(error: unknown, requestId: string): Answer
}

/** The larger of two requests is an exchange with two tokens and an assertion; each of these has 8 KiB. */
export const FORM_BYTES_MAX = 65_536

/** `/oauth/token`, `/oauth/introspect`, `/oauth/revoke` (RFC 6749, 7662 and 9701, 7009) and `/oauth/device_authorization` (RFC 8628). */
export const oauthEndpoints = ({
  broker,
  logins,
  log,
  issuer,
}: OAuthParts): readonly [OAuthEndpoint, ...OAuthEndpoint[]] => {
  const failure = (error: unknown, requestId: string, isGrant = false): Answer =>
    oauthError(toFault(error, log), { issuer: issuer(), requestId, isGrant })

  const withNonce = async (answer: Answer): Promise<Answer> => ({
    ...answer,
    headers: [...answer.headers, ['dpop-nonce', await broker.dpopNonce()]],
  })

  const endpoint = <T>(
    path: string,
    refuse: OAuthEndpoint['refuse'],
    ask: (request: OAuthRequest, accept: string | undefined) => Promise<T | Fault>,
    said: (value: T) => Pick<Answer, 'text' | 'type' | 'requestId'>,
  ): OAuthEndpoint => ({
    path,
    refuse,
    failure,
    answer: (request, accept) =>
      ask(request, accept).then((value) => {
        const { form, dpop, requestId } = request
        const answer =
          value instanceof Fault
            ? failure(value, requestId, form.get('grant_type') === JWT_BEARER_GRANT)
            : { status: 200, headers: [], ...said(value) }
        // RFC 9449 §8.2: whoever proves a key hears of the next nonce before it is needed.
        return dpop === undefined ? answer : withNonce(answer)
      }),
  })

  const refusing =
    (kind: TokenRequestKind): OAuthEndpoint['refuse'] =>
    (request, fault) =>
      broker.refuse(kind, request, fault)

  return [
    endpoint(
      '/oauth/token',
      refusing('broker.token.issue'),
      (request): Promise<IssuedToken | string | Fault> =>
        logins !== undefined && request.form.get('grant_type') === DEVICE_GRANT
          ? logins.finish(request)
          : broker.issueToken(request),
      (token) => ({ text: typeof token === 'string' ? token : tokenText(token) }),
    ),
    endpoint(
      '/oauth/introspect',
      refusing('broker.token.introspect'),
      (request, accept): Promise<Introspected<Introspection | string> | Fault> =>
        wantsSigned(accept) ? broker.introspectSigned(request) : broker.introspectToken(request),
      ({ said, text, requestId }) =>
        typeof said === 'string'
          ? { text: said, type: SIGNED, requestId }
          : { text: text ?? JSON.stringify(said), requestId },
    ),
    endpoint('/oauth/revoke', refusing('broker.token.revoke'), broker.revokeToken, () => ({ text: '' })),
    ...(logins === undefined
      ? []
      : [endpoint('/oauth/device_authorization', logins.refuse, logins.start, (text) => ({ text }))]),
  ]
}

/** Counts a failed proof of a request once: what is judged anew because memory was old is still one request. */
export const countedOnce = (limit: FailureLimit, ip: string): OAuthRequest['failed'] => {
  let waitSeconds: number | undefined
  return (claimed) => {
    waitSeconds ??= limit.failed(ip, claimed)
    return waitSeconds
  }
}

const SIGNED = 'application/token-introspection+jwt'

/** RFC 9701 §4: who wants a signed answer names its type; a range such as every type is no wish for it. */
const wantsSigned = (accept = ''): boolean =>
  accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    return type === SIGNED && !parameters.some((each) => /^q=0(\.0*)?$/.test(each))
  })

const tokenText = ({
  accessToken,
  tokenType,
  expiresInSeconds,
  scope,
  issuedTokenType,
  details,
}: IssuedToken): string => {
  const issued = issuedTokenType === undefined ? '' : `"issued_token_type":"${issuedTokenType}",`
  const granted = details === undefined ? '' : `,"authorization_details":${JSON.stringify(details)}`
  return `{"access_token":"${accessToken}",${issued}"token_type":"${tokenType}","expires_in":${expiresInSeconds},"scope":${JSON.stringify(scope)}${granted}}`
}

const toFault = (error: unknown, log: Log): Fault => {
  if (error instanceof Fault) return error
  log.error({ err: error }, 'unexpected error at the OAuth edge')
  return coreFault('internal', { cause: error })
}
