import { importJWK, type JWK } from 'jose'
import type { Clock } from '../clock.ts'
import { keyAlgorithm } from '../key-algorithm.ts'
import type { Random } from '../random.ts'
import type { TokenAlgorithm } from '../wire.ts'
import { type AwsKeys, awsCallerType, signAwsCaller } from './aws-caller.ts'
import { type BoundKeyStore, useBoundKey } from './bound-key.ts'
import { signAssertion } from './sign-assertion.ts'

/**
 * How an identity proves itself to the issuer: with a key, with a token of the platform that it runs on (which is asked
 * for anew at each request, as it may be good for one use), or with a secret where that is allowed.
 */
export type ClientAuth =
  | {
      readonly privateKey: JWK | CryptoKey
      /** Needed when the key does not say it itself. */
      readonly alg?: TokenAlgorithm
      readonly kid?: string
    }
  | { readonly clientSecret: string }
  | { readonly platformToken: () => Promise<string> }
  /** By the certificate that the connection shows (RFC 8705 §2), with `mtls`. */
  | 'certificate'
  /** The keys by which AWS knows the workload, such as `awsWorkload` of `@reeve/sdk/aws` finds them. */
  | { readonly aws: () => Promise<AwsKeys> }
  /** A key that is bound to this machine; `join` gives the secret of the first use. */
  | { readonly boundKey: BoundKeyStore; readonly join?: () => Promise<string> }

/** What authentication adds to a request of an OAuth endpoint. */
export interface AuthenticatedParts {
  readonly headers: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
  /** To be told whether a token came of it, before the next proof is asked for. */
  settle?(isGranted: boolean): Promise<void>
}

/** Gives a fresh proof for every request. */
export const createClientAuth = (options: {
  issuer: string
  clientId: string
  auth: ClientAuth
  clock: Clock
  random: Random
}): (() => Promise<AuthenticatedParts>) => {
  const { auth, clientId } = options
  if (auth === 'certificate') return async () => ({ headers: {}, form: { client_id: clientId } })
  if ('clientSecret' in auth) return bySecret(clientId, auth.clientSecret)
  if ('platformToken' in auth) return byPlatform(clientId, auth.platformToken)
  if ('aws' in auth) return byAws({ ...options, keys: auth.aws })
  if ('boundKey' in auth) return byBoundKey({ ...options, auth })
  return byKey({ ...options, auth })
}

/** RFC 7523 §2.2, with what the platform signed in the place of what the client did. */
const byPlatform = (clientId: string, platformToken: () => Promise<string>) => async (): Promise<AuthenticatedParts> =>
  assertionParts(clientId, (await platformToken()).trim())

const byAws =
  (given: { issuer: string; clientId: string; clock: Clock; keys: () => Promise<AwsKeys> }) =>
  async (): Promise<AuthenticatedParts> => {
    const { issuer, clientId, clock } = given
    const signed = await signAwsCaller(await given.keys(), { issuer, nowMs: clock.nowMs() })
    return assertionParts(clientId, signed, awsCallerType)
  }

/** RFC 7523 §2.2, with what counts the uses of the key. */
const byBoundKey =
  (given: {
    issuer: string
    clientId: string
    clock: Clock
    random: Random
    auth: { readonly boundKey: BoundKeyStore; readonly join?: () => Promise<string> }
  }) =>
  async (): Promise<AuthenticatedParts> => {
    const { assertion, settle } = await useBoundKey(given.auth.boundKey, { ...given, join: given.auth.join })
    return { ...assertionParts(given.clientId, assertion), settle }
  }

/** RFC 6749 §2.3.1: id and secret are form-encoded before they are joined. */
const bySecret = (clientId: string, secret: string): (() => Promise<AuthenticatedParts>) => {
  const joined = new TextEncoder().encode(`${formEncoded(clientId)}:${formEncoded(secret)}`)
  const basic = btoa(String.fromCharCode(...joined))
  return async () => ({ headers: { authorization: `Basic ${basic}` }, form: {} })
}

const formEncoded = (value: string): string => new URLSearchParams([['', value]]).toString().slice(1)

/** RFC 7523 §2.2 and §3, with the issuer as the only audience and a minute at most to live. */
const byKey = ({
  issuer,
  clientId,
  auth,
  clock,
  random,
}: {
  issuer: string
  clientId: string
  auth: { readonly privateKey: JWK | CryptoKey; readonly alg?: TokenAlgorithm; readonly kid?: string }
  clock: Clock
  random: Random
}): (() => Promise<AuthenticatedParts>) => {
  const { privateKey } = auth
  const isJwk = !(privateKey instanceof CryptoKey)
  const alg = auth.alg ?? (isJwk ? privateKey.alg : keyAlgorithm(privateKey))
  if (alg === undefined) throw new TypeError('auth.alg is needed, as the key does not say its algorithm')
  const kid = auth.kid ?? (isJwk ? privateKey.kid : undefined)
  const key = isJwk ? importJWK(privateKey, alg) : Promise.resolve(privateKey)
  // A wrong key is told to whoever asks for a token.
  key.catch(() => {})
  return async () => {
    const header = { alg, ...(kid === undefined ? {} : { kid }) }
    const assertion = await signAssertion({ issuer, clientId, clock, random }, await key, header)
    return assertionParts(clientId, assertion)
  }
}

// RFC 7523 §2.2.
const jwtType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const assertionParts = (clientId: string, assertion: string, type = jwtType): AuthenticatedParts => ({
  headers: {},
  form: {
    client_id: clientId,
    client_assertion_type: type,
    client_assertion: assertion,
  },
})
