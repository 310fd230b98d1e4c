import { type Fetch, fetchText, Unreachable } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'
import type { SteadyTime } from '../steady-time.ts'
import type { JsonObject } from '../strict-json.ts'
import { createSeen } from '../verifier/seen.ts'
import { readStatusList, type StatusList } from './status-list.ts'

/** The status lists that the tokens of one verifier named, each kept for as long as it may be. */
export interface StatusLists {
  /** The list at this address as it is known now, and how old that is; undefined when it is not known. */
  known(uri: string): { readonly list: StatusList; readonly ageSeconds: number } | undefined
  /** Asks for it where it is time for that: what has to be waited for, or undefined when what is known will do. */
  refresh(uri: string): Promise<void> | undefined
  readonly size: number
}

/** Keeps status lists of one issuer. */
export const createStatusLists = (given: {
  readonly issuer: string
  readonly fetch: Fetch
  readonly clock: Clock
  readonly time: SteadyTime
  readonly signal: AbortSignal
  readonly skewSeconds: number
  /** Longer than this nothing is gone by, whatever a list says. */
  readonly secondsMax: number
  /** The claims of a list whose signature is the issuer's. */
  verify(text: string): Promise<JsonObject>
}): StatusLists => {
  const { issuer, fetch, clock, time, signal, skewSeconds, secondsMax } = given
  const held = createSeen<Held>(listsMax)

  const hasExpired = ({ expiresAtSeconds }: StatusList): boolean => expiresAtSeconds + skewSeconds <= time.nowSeconds()

  const download = async (uri: string, before: StatusList | undefined): Promise<StatusList> => {
    const answer = await fetchText({ fetch, clock }, uri, {
      headers: { accept: 'application/statuslist+jwt' },
      bytesMax: textBytesMax,
      signal,
    })
    if (answer.status !== 200) throw new Unreachable(`the status list answered ${answer.status}`)
    const list = await readStatusList(await given.verify(answer.text), { issuer, uri })
    const now = time.nowSeconds()
    if (hasExpired(list)) throw new Unreachable('the status list has expired')
    if (list.issuedAtSeconds > now + skewSeconds) throw new Unreachable('the status list is of a time to come')
    // Something on the way may still hold an older one, in which a stop is missing.
    if (before !== undefined && list.issuedAtSeconds < before.issuedAtSeconds)
      throw new Unreachable('the status list is older than the last one')
    return list
  }

  const ask = (uri: string): Promise<void> => {
    const before = held.get(uri)
    if (before?.asking !== undefined) return before.asking
    const askedAtMs = clock.monotonicMs()
    const asking = download(uri, before?.list).then(
      (list) => held.set(uri, { list, listAtMs: askedAtMs, askedAtMs, asking: undefined }),
      () => held.set(uri, { ...before, askedAtMs: clock.monotonicMs(), asking: undefined }),
    )
    held.set(uri, { ...before, askedAtMs, asking })
    return asking
  }

  const known = (uri: string) => {
    const { list, listAtMs } = held.get(uri) ?? {}
    if (list === undefined || listAtMs === undefined) return undefined
    const sinceAsked = (clock.monotonicMs() - listAtMs) / 1000
    if (hasExpired(list)) return { list, ageSeconds: Number.POSITIVE_INFINITY }
    // It may have been old when it came: what it says of itself counts, as far as clocks agree.
    return { list, ageSeconds: Math.max(sinceAsked, time.nowSeconds() - list.issuedAtSeconds - skewSeconds) }
  }

  return {
    known,
    refresh: (uri) => {
      const { askedAtMs, asking } = held.get(uri) ?? {}
      const { list, ageSeconds = Number.POSITIVE_INFINITY } = known(uri) ?? {}
      const ttlSeconds = Math.min(list?.ttlSeconds ?? secondsMax, secondsMax)
      // Half of the time before it has to be there, so that nobody waits for it while the issuer answers.
      if (ageSeconds < ttlSeconds / 2) return undefined
      const mayAsk = askedAtMs === undefined || clock.monotonicMs() - askedAtMs >= retryMs
      const running = asking ?? (mayAsk ? ask(uri) : undefined)
      return ageSeconds < ttlSeconds ? undefined : running
    },
    get size() {
      return held.size
    },
  }
}

interface Held {
  readonly list?: StatusList
  /** When it was asked for. */
  readonly listAtMs?: number
  readonly askedAtMs: number
  readonly asking: Promise<void> | undefined
}

const listsMax = 4_000
const textBytesMax = 262_144
// An issuer that is down is not asked with every request.
const retryMs = 1_000
