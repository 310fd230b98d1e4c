import { type Clock, pause } from '../clock.ts'
import type { Feed } from '../feed/feed.ts'
import type { StatusLists } from '../status/status-lists.ts'
import { VerifyError } from '../verify-error.ts'
import { issuerPaths } from '../wire.ts'
import type { AuthenticToken } from './authenticate.ts'

/** What a verifier knows of stops: by the feed of the issuer, or by the lists that tokens name. */
export interface Revocations {
  /** Why a token is stopped, as far as is known. */
  stopOf(token: AuthenticToken): VerifyError | undefined
  /** Why it cannot be told whether this token is stopped; undefined when it can. */
  doubtOf(token: AuthenticToken): VerifyError | undefined
  /** What has to be waited for before this token can be judged; undefined when that is nothing. */
  prepare(token: AuthenticToken): Promise<unknown> | undefined
  /** Whether what the issuer answered about a token may be remembered: only who hears of every stop may. */
  mayRemember(): boolean
  status(): RevocationStatus
  ready(): Promise<void>
}

/** How what is known of stops is doing. */
export interface RevocationStatus {
  /** The last change of the feed that was applied; null where none is followed. */
  readonly seq: number | null
  readonly connected: boolean
  /** How old the view of what is stopped is. */
  readonly ageSeconds: number | null
  /** How many things are stopped, as the feed told. */
  readonly stopped: number
  /** The view of the feed is too old to go by; each status list has an age of its own. */
  readonly isStale: boolean
}

/** Goes by the feed: every stop is heard of as it comes. */
export const byFeed = (
  feed: Feed,
  { clock, signal, secondsMax }: { clock: Clock; signal: AbortSignal; secondsMax: number },
): Revocations => {
  const { view } = feed
  const createdAtMs = clock.monotonicMs()
  const isStale = (): boolean => (view.ageSeconds() ?? Number.POSITIVE_INFINITY) > secondsMax

  const firstView = (): Promise<unknown> | undefined => {
    const leftMs = createdAtMs + firstViewMs - clock.monotonicMs()
    return leftMs > 0 ? Promise.race([feed.ready().catch(() => {}), pause(clock, leftMs, signal)]) : undefined
  }

  return {
    stopOf: ({ targets }) => {
      const scope = view.stoppedScope(targets)
      return scope === undefined ? undefined : new VerifyError('token_revoked', { scope })
    },
    doubtOf: () => (isStale() ? new VerifyError('view_stale') : undefined),
    prepare: () => (view.seq === undefined ? firstView() : undefined),
    mayRemember: () => !isStale(),
    status: () => ({
      seq: view.seq ?? null,
      connected: feed.isConnected,
      ageSeconds: view.ageSeconds() ?? null,
      stopped: view.stopped,
      isStale: isStale(),
    }),
    ready: () => feed.ready(),
  }
}

// Requests that come with the first breath wait this long for the first view, counted from the start.
const firstViewMs = 3_000

/** Goes by status lists: each is asked for when a token names it, and again when its time is over. */
export const byStatusLists = (
  lists: StatusLists,
  {
    issuer,
    secondsMax,
    isWorthAsking,
  }: { issuer: string; secondsMax: number; isWorthAsking(token: AuthenticToken): boolean },
): Revocations => {
  // A list is looked for nowhere but at the issuer, whoever gave the token its claims.
  const placeOf = ({ verified: { claims } }: AuthenticToken) => {
    const place = claims.status?.status_list
    return place?.uri.startsWith(issuer + issuerPaths.statusLists) ? place : undefined
  }
  const listOf = (token: AuthenticToken) => {
    const place = placeOf(token)
    const known = place === undefined ? undefined : lists.known(place.uri)
    return place === undefined || known === undefined
      ? undefined
      : { status: known.list.statusAt(place.idx), isStale: known.ageSeconds > secondsMax }
  }

  return {
    stopOf: (token) => {
      const known = listOf(token)
      // What was stopped when it was last known stays so, however old that is. Token Status List §8.3: a token whose place is not in its list is no token.
      return known === undefined || known.status === 0 ? undefined : new VerifyError('token_revoked')
    },
    doubtOf: (token) => {
      if (placeOf(token) === undefined) return new VerifyError('status_missing')
      return (listOf(token)?.isStale ?? true) ? new VerifyError('view_stale') : undefined
    },
    prepare: (token) => {
      const place = placeOf(token)
      return place === undefined || !isWorthAsking(token) ? undefined : lists.refresh(place.uri)
    },
    mayRemember: () => false,
    status: () => ({ seq: null, connected: false, ageSeconds: null, stopped: 0, isStale: false }),
    ready: async () => {},
  }
}
