import { type Fetch, fetchText, Unreachable } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { isJsonObject, type JsonObject } from '../strict-json.ts'
import { VerifyError } from '../verify-error.ts'
import { issuerPaths, type TokenAlgorithm } from '../wire.ts'

/** A public key of the issuer with the one algorithm it is good for. */
export interface TrustedKey {
  readonly alg: TokenAlgorithm
  readonly key: CryptoKey
  /** The public members as text: a kid with another print is another key. */
  readonly print: string
}

/** The keys of one issuer, fetched when needed and kept while the issuer is down. */
export interface KeySet {
  /** The key under this id, if it is here. */
  known(kid: string): TrustedKey | undefined
  /** The same, after asking the issuer if the last time was long enough ago. */
  resolve(kid: string): Promise<TrustedKey | undefined>
  /** Fetches the keys again when it is time for it, without anybody waiting. */
  keepFresh(): void
  /** Settles when keys have been loaded for the first time. */
  load(): Promise<void>
  /** Hears which key set the issuer has now, and asks for it within half a minute where it is another one. */
  hear(version: string | undefined): void
  /** The ids of the keys that are here. */
  ids(): readonly string[]
}

/** Says whether a header names one of the algorithms that Reeve signs with. */
export const isTokenAlgorithm = (alg: unknown): alg is TokenAlgorithm =>
  typeof alg === 'string' && Object.hasOwn(keyForms, alg)

/** Checks a signature; a form that the platform's crypto refuses is a wrong signature. */
export const isSignedBy = async (
  { alg, key }: TrustedKey,
  signature: BufferSource,
  input: BufferSource,
): Promise<boolean> => {
  try {
    return await crypto.subtle.verify(keyForms[alg].verify, key, signature, input)
  } catch {
    return false
  }
}

/** Follows the key set of an issuer; onWithdrawn is told when a key that was there is gone or is another one. */
export const createKeySet = ({
  issuer,
  fetch,
  clock,
  random,
  signal,
  onWithdrawn,
  onChange = () => {},
}: {
  issuer: string
  fetch: Fetch
  clock: Clock
  random: Random
  signal: AbortSignal
  onWithdrawn: () => void
  /** Told when other keys are here than before. */
  onChange?: () => void
}): KeySet => {
  let keys: ReadonlyMap<string, TrustedKey> | undefined
  let lastAskedMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined
  /** Which set this is, and which one the issuer has. */
  let version: string | undefined
  let heard: string | undefined
  let cancelWake: (() => void) | undefined

  const ask = async (): Promise<void> => {
    const heardBefore = heard
    const answer = await fetchText({ fetch, clock }, issuer + issuerPaths.keys, { signal })
    if (answer.status !== 200) throw new Unreachable(`the key set answered ${answer.status}`)
    const found = await importKeys(answer.text)
    // An issuer that verifies by nothing is a fault there, not a reason to forget the keys.
    if (found.size === 0) throw new Unreachable('the key set holds no usable key')
    const isWithdrawn = [...(keys ?? [])].some(([kid, key]) => found.get(kid)?.print !== key.print)
    const isOther = isWithdrawn || found.size !== keys?.size
    keys = found
    // Without a name it is taken for the one that was told of when it was asked for.
    version = versionOf(answer.headers) ?? heardBefore
    if (isWithdrawn) onWithdrawn()
    if (isOther) onChange()
  }

  const refresh = (): Promise<void> => {
    if (asking !== undefined) return asking
    const waitMs = keys === undefined ? firstRetryMs : refreshMsMin
    if (clock.monotonicMs() - lastAskedMs < waitMs) return Promise.resolve()
    lastAskedMs = clock.monotonicMs()
    asking = ask().finally(() => {
      asking = undefined
    })
    return asking
  }

  const isBehind = (): boolean => heard !== undefined && heard !== version && !signal.aborted

  // Not all at once: thousands may hear of the same change in the same moment, and none of them is in a hurry.
  const wake = (): void => {
    cancelWake ??= clock.after(wakeMsMin + (refreshMsMin - wakeMsMin) * random.fraction(), async () => {
      cancelWake = undefined
      if (!isBehind()) return
      await refresh().catch(() => {})
      if (isBehind()) wake()
    })
  }
  signal.addEventListener('abort', () => cancelWake?.(), { once: true })

  return {
    hear: (told) => {
      heard = told
      if (isBehind()) wake()
    },
    ids: () => [...(keys?.keys() ?? [])],
    known: (kid) => keys?.get(kid),
    resolve: async (kid) => {
      // INVARIANT: whatever kid is presented, the issuer is asked once in 30 s at most.
      const failure = await refresh().then(
        () => undefined,
        (cause: unknown) => cause,
      )
      if (keys === undefined) throw new VerifyError('keys_unavailable', { cause: failure })
      return keys.get(kid)
    },
    keepFresh: () => {
      // A key that was withdrawn is dropped within minutes even when no unknown one is presented.
      if (clock.monotonicMs() - lastAskedMs >= freshMs) refresh().catch(() => {})
    },
    load: async () => {
      if (keys === undefined) await refresh()
      if (keys === undefined) throw new VerifyError('keys_unavailable')
    },
  }
}

/** The name of an answer (RFC 9110 §8.8.3); one on the way that changes how it is coded calls it weak. */
const versionOf = (headers: Headers): string | undefined =>
  /^(?:W\/)?"([\x21\x23-\x7e]{1,100})"$/.exec(headers.get('etag') ?? '')?.[1]

const refreshMsMin = 30_000
const wakeMsMin = 3_000
const firstRetryMs = 1_000
const freshMs = 300_000
const keysMax = 100

type KeyForm = {
  readonly import: EcKeyImportParams | RsaHashedImportParams | { readonly name: 'Ed25519' }
  readonly verify: EcdsaParams | RsaPssParams | { readonly name: string }
  readonly members: readonly string[]
  readonly is: (jwk: JsonObject) => boolean
}

// RFC 7518 §3.3: nothing under 2048 bits, which are 342 characters of base64url.
const isLargeRsa = ({ kty, n }: JsonObject): boolean => kty === 'RSA' && typeof n === 'string' && n.length >= 342

const keyForms = {
  ES256: {
    import: { name: 'ECDSA', namedCurve: 'P-256' },
    verify: { name: 'ECDSA', hash: 'SHA-256' },
    members: ['kty', 'crv', 'x', 'y'],
    is: ({ kty, crv }) => kty === 'EC' && crv === 'P-256',
  },
  EdDSA: {
    import: { name: 'Ed25519' },
    verify: { name: 'Ed25519' },
    members: ['kty', 'crv', 'x'],
    is: ({ kty, crv }) => kty === 'OKP' && crv === 'Ed25519',
  },
  RS256: {
    import: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    verify: { name: 'RSASSA-PKCS1-v1_5' },
    members: ['kty', 'n', 'e'],
    is: isLargeRsa,
  },
  PS256: {
    import: { name: 'RSA-PSS', hash: 'SHA-256' },
    verify: { name: 'RSA-PSS', saltLength: 32 },
    members: ['kty', 'n', 'e'],
    is: isLargeRsa,
  },
} as const satisfies Record<TokenAlgorithm, KeyForm>

const importKeys = async (text: string): Promise<Map<string, TrustedKey>> => {
  const found = new Map<string, TrustedKey>()
  for (const jwk of jwksOf(text)) {
    const { kid } = jwk
    const key = await importKey(jwk)
    // Of two keys under one id the first counts: an id must not change its meaning within one answer.
    if (typeof kid === 'string' && kid !== '' && key !== undefined && !found.has(kid)) found.set(kid, key)
  }
  return found
}

const jwksOf = (text: string): JsonObject[] => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    throw new Unreachable('the key set is not JSON', { cause })
  }
  if (!isJsonObject(body) || !Array.isArray(body.keys)) throw new Unreachable('the key set has no keys')
  return body.keys.slice(0, keysMax).filter(isJsonObject)
}

/** A key of a kind that is not known here is left out: RFC 7517 §5. One without alg could be used in two ways. */
export const importKey = async (jwk: JsonObject): Promise<TrustedKey | undefined> => {
  const { alg, use } = jwk
  if (!isTokenAlgorithm(alg) || (use !== undefined && use !== 'sig')) return undefined
  const form: KeyForm = keyForms[alg]
  if (!form.is(jwk)) return undefined
  const print = JSON.stringify([alg, ...form.members.map((name) => jwk[name])])
  const members = Object.fromEntries(form.members.map((name) => [name, String(jwk[name])]))
  try {
    return { alg, print, key: await crypto.subtle.importKey('jwk', members, form.import, false, ['verify']) }
  } catch {
    return undefined
  }
}
