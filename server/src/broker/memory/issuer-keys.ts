import type { Clock } from '../../kit/clock.ts'
import { Fault } from '../../kit/fault.ts'
import { type Outbound, OutboundError } from '../../kit/fetch.ts'
import { leavePlace } from '../../kit/place.ts'
import { readBundleKeys } from '../bundle-key.ts'
import { readIssuerKey } from '../public-key.ts'
import type { BoundKey, VerifyAlgorithm } from '../signature.ts'
import { createFairMemory } from './fair-memory.ts'

/** A key of an issuer. */
export interface IssuerKey {
  readonly id: string | undefined
  readonly key: BoundKey<VerifyAlgorithm>
}

/** The keys that an issuer shows, in the memory of this replica. */
export interface IssuerKeys {
  /**
   * The keys of this issuer that a signature with this key id may be by; a sentence when there are none to look at.
   * To be asked only of issuers that somebody trusts, and never within a transaction: it may ask the issuer. What is held
   * counts for the one team that trusts it, '' where several do, and no team pushes out what others stand on.
   */
  find(issuer: string, keyId: string | undefined, team: string): Promise<readonly IssuerKey[] | string>
  /** The same of the bundle of a trust domain at this URL (SPIFFE Trust Domain and Bundle §5.2.1, https_web). */
  findInBundle(url: string, keyId: string, team: string): Promise<readonly IssuerKey[] | string>
  /** The same of the key set that a client shows at this URL (RFC 7591 §2, `jwks_uri`). */
  findInSet(url: string, keyId: string | undefined, team: string): Promise<readonly IssuerKey[] | string>
}

interface Held {
  readonly keys: readonly IssuerKey[]
  readonly fetchedAtMs: number
  readonly freshMs: number
}

// Keys that nobody can confirm any more are believed for so long: an issuer that is down stops nothing meanwhile.
const STALE_MS = 6 * 3_600_000
// INVARIANT: a key that a client took out of its set is refused within five minutes, or an hour more while the set is away.
const SET_FRESH_MS_MAX = 5 * 60_000
const SET_STALE_MS = 3_600_000
// However many unknown key ids come, and however often an issuer fails: it is asked no more often than this.
const ASK_EVERY_MS = 30_000
const ISSUERS_MAX = 1000
const KEYS_MAX = 100

/** An empty memory of keys. */
export const createIssuerKeys = (outbound: Outbound, clock: Pick<Clock, 'monotonicMs'>): IssuerKeys => {
  const held = createFairMemory<Held>(ISSUERS_MAX)
  const asked = createFairMemory<{ readonly atMs: number; readonly why: string | undefined }>(ISSUERS_MAX)
  const asking = new Map<string, Promise<string | undefined>>()

  /** Asks the issuer, unless it was asked a moment ago; what came of it, as a sentence when it was nothing. */
  const ask = (issuer: string, team: string): Promise<string | undefined> => {
    const running = asking.get(issuer)
    if (running !== undefined) {
      leavePlace()
      return running
    }
    const last = asked.get(issuer)
    if (last !== undefined && clock.monotonicMs() - last.atMs < ASK_EVERY_MS) return Promise.resolve(last.why)
    const mine = downloadFrom(outbound, issuer)
      .then((found) => {
        held.put(issuer, { ...found, fetchedAtMs: clock.monotonicMs() }, team)
        return undefined
      })
      .catch((error: unknown) => {
        if (error instanceof OutboundError) return error.message
        throw error
      })
      .then((why) => {
        asked.put(issuer, { atMs: clock.monotonicMs(), why }, team)
        return why
      })
      .finally(() => asking.delete(issuer))
    asking.set(issuer, mine)
    // Only now: whoever is let in by that at once may need the same keys, and joins.
    leavePlace()
    return mine
  }

  const usable = (issuer: string): Held | undefined => {
    const found = held.get(issuer)
    return found !== undefined &&
      clock.monotonicMs() - found.fetchedAtMs <= found.freshMs + (issuer.startsWith(SET) ? SET_STALE_MS : STALE_MS)
      ? found
      : undefined
  }

  const find = async (issuer: string, keyId: string | undefined, team: string) => {
    const known = usable(issuer)
    const isFresh = known !== undefined && clock.monotonicMs() - known.fetchedAtMs <= known.freshMs
    const fitting = (known?.keys ?? []).filter(({ id }) => isNamed(id, keyId))
    if (isFresh && fitting.length > 0) return fitting
    const why = await ask(issuer, team)
    const now = usable(issuer)
    if (now === undefined) return why ?? 'its keys are too old'
    return now.keys.filter(({ id }) => isNamed(id, keyId))
  }
  return {
    find,
    findInBundle: (url, keyId, team) => find(BUNDLE + url, keyId, team),
    findInSet: (url, keyId, team) => find(SET + url, keyId, team),
  }
}

// No issuer begins so, as each is at a URL.
const BUNDLE = 'bundle '
const SET = 'set '

const downloadFrom = async (outbound: Outbound, place: string): Promise<Omit<Held, 'fetchedAtMs'>> => {
  if (place.startsWith(BUNDLE)) return downloadBundle(outbound, place.slice(BUNDLE.length))
  if (!place.startsWith(SET)) return download(outbound, place)
  const { keys, freshMs } = await downloadSet(outbound, place.slice(SET.length))
  return { keys, freshMs: Math.min(freshMs, SET_FRESH_MS_MAX) }
}

// A token without a key id may be by any of the few keys; one with an id is by none that has another.
const isNamed = (id: string | undefined, keyId: string | undefined): boolean => keyId === undefined || id === keyId

/** OpenID Connect Discovery 1.0 §4: the document of the issuer, and the keys that it names. */
const download = async (outbound: Outbound, issuer: string): Promise<Omit<Held, 'fetchedAtMs'>> => {
  const named = await said('its discovery document', () =>
    outbound.getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
  )
  const about = membersOf(named.value)
  // §4.3: exactly the issuer that was asked for, or one issuer could speak for another.
  if (about.issuer !== issuer) throw new OutboundError('its discovery document is of another issuer')
  const { jwks_uri: keysUrl } = about
  if (typeof keysUrl !== 'string') throw new OutboundError('its discovery document names no keys')
  return downloadSet(outbound, keysUrl)
}

const downloadSet = async (outbound: Outbound, address: string): Promise<Omit<Held, 'fetchedAtMs'>> => {
  const shown = await said('its keys', () => outbound.getJson(address))
  const { keys } = membersOf(shown.value)
  if (!Array.isArray(keys)) throw new OutboundError('its keys are no JWK set')
  return { keys: keys.slice(0, KEYS_MAX).flatMap(readKey), freshMs: shown.freshSeconds * 1000 }
}

const downloadBundle = async (outbound: Outbound, url: string): Promise<Omit<Held, 'fetchedAtMs'>> => {
  const shown = await said('its bundle', () => outbound.getJson(url))
  const { keys, spiffe_refresh_hint: hint } = membersOf(shown.value)
  if (!Array.isArray(keys)) throw new OutboundError('its bundle is no JWK set')
  // §4.1.2: how often its owner would have it asked for, within what any document is believed for.
  const isHinted = typeof hint === 'number' && hint >= REFRESH_SECONDS_MIN && hint <= REFRESH_SECONDS_MAX
  return { keys: readBundleKeys(keys, ['jwt-svid']), freshMs: (isHinted ? hint : shown.freshSeconds) * 1000 }
}

const REFRESH_SECONDS_MIN = 60
const REFRESH_SECONDS_MAX = 3600

const said = async <T>(what: string, get: () => Promise<T>): Promise<T> => {
  try {
    return await get()
  } catch (error) {
    throw error instanceof OutboundError ? new OutboundError(`${what}: ${error.message}`, error) : error
  }
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}

const KEY_ID_MAX = 200

/** A key that signs, with the one algorithm that it is good for; others are passed over (RFC 7517 §5). */
const readKey = (sent: unknown): readonly IssuerKey[] => {
  const jwk = membersOf(sent)
  const { kid, use, key_ops: operations } = jwk
  if (use !== undefined && use !== 'sig') return []
  if (Array.isArray(operations) && !operations.includes('verify')) return []
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > KEY_ID_MAX)) return []
  try {
    return [{ id: kid, key: readIssuerKey(jwk) }]
  } catch (error) {
    if (error instanceof Fault) return []
    throw error
  }
}
