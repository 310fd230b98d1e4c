import { boundedBy, type Fetch, fetchText, refuseRedirect, Unreachable } from '../bounded-fetch.ts'
import { type Clock, pause } from '../clock.ts'
import { jittered, type Random } from '../random.ts'
import { createSteadyTime } from '../steady-time.ts'
import { issuerPaths } from '../wire.ts'
import { readEntry, readHeartbeat, readPage } from './page.ts'
import { readEvents, type ServerSentEvent } from './sse.ts'
import { createView, type View } from './view.ts'

/** A follower of one issuer's revocation feed; several verifiers and token sources may share it. */
export interface Feed {
  /** Whose stops it tells of. */
  readonly issuer: string
  readonly view: View
  /** True while the stream is open and has spoken. */
  readonly isConnected: boolean
  /** Which key set the issuer has, as it told last; undefined of one that does not tell. */
  readonly keys?: string | undefined
  /** Settles when the view is there for the first time; rejects when the feed is closed before. */
  ready(): Promise<void>
  /** Tells when the sequence number moved or the key set is another one, until the returned function is called. */
  onChange(listener: () => void): () => void
  close(): void
}

/** A feed that is shared must be of the issuer that it is shared for: another one's is fresh and tells of no stop. */
export const assertFeedOf = (issuer: string, feed: Feed | false | undefined): void => {
  if (feed && feed.issuer !== issuer) throw new TypeError('feed follows another issuer')
}

/** What a feed needs. */
export interface FeedOptions {
  readonly issuer: string
  readonly fetch: Fetch
  readonly clock: Clock
  readonly random: Random
  readonly signal?: AbortSignal | undefined
  readonly stoppedMax?: number
  readonly graceSeconds?: number
}

/** Follows by the stream, and asks every few seconds whenever the stream does not keep the view fresh. */
export const followFeed = (options: FeedOptions): Feed => {
  const core = createCore(options)
  const { clock, random } = options
  let isConnected = false

  const follow = async (): Promise<void> => {
    for (let failures = 0; !core.signal.aborted; failures += 1) {
      await readStream(core, options, () => {
        isConnected = true
        failures = 0
      }).catch(() => {})
      isConnected = false
      if (isOlderThan(core.view, pollSeconds)) await core.ask().catch(() => {})
      const delayMs = Math.min(reconnectMsMin * 2 ** Math.min(failures, 10), reconnectMsMax)
      await pause(clock, jittered(delayMs, random), core.signal)
    }
  }

  void follow()
  void pause(clock, pollSeconds * 1000, core.signal).then(() => keepAsking(core, options, pollSeconds))
  return toFeed(core, options.issuer, () => isConnected)
}

/** Follows by asking now and then only: for clients that just drop what was stopped, and hold no connection open. */
export const pollFeed = (options: FeedOptions, everySeconds = 10): Feed => {
  const core = createCore(options)
  void keepAsking(core, options, everySeconds)
  return toFeed(core, options.issuer, () => false)
}

// The longest that any verifier lets a token live past its end.
const graceSecondsMax = 61
const pollSeconds = 3
const reconnectMsMin = 500
const reconnectMsMax = 10_000
const silenceMsMax = 10_000
const pageCharactersMax = 33_554_432

interface Core {
  readonly view: View
  readonly signal: AbortSignal
  readonly listeners: Set<() => void>
  readonly ready: PromiseWithResolvers<void>
  /** Asks for what is new, or for everything when there is a gap; one request at a time. */
  readonly ask: () => Promise<void>
  /** The same, but never by a request that was sent before now, as its answer may be older than what was heard. */
  readonly askAnew: () => Promise<void>
  readonly keys: () => string | undefined
  readonly hearKeys: (keys: string | undefined) => void
  readonly close: () => void
}

const createCore = ({
  issuer,
  fetch,
  clock,
  signal,
  stoppedMax = 300_000,
  graceSeconds = graceSecondsMax,
}: FeedOptions): Core => {
  const controller = new AbortController()
  const listeners = new Set<() => void>()
  const ready = Promise.withResolvers<void>()
  // Nobody has to wait for it.
  ready.promise.catch(() => {})
  const tellAll = () => {
    for (const listener of listeners) tell(listener)
  }
  const view = createView({
    clock,
    time: createSteadyTime(clock),
    stoppedMax,
    graceSeconds,
    onChange: () => {
      ready.resolve()
      tellAll()
    },
  })
  let keys: string | undefined
  const hearKeys = (told: string | undefined) => {
    if (told === undefined || told === keys) return
    keys = told
    tellAll()
  }
  const close = () => {
    controller.abort()
    ready.reject(new Unreachable('the feed was closed'))
  }
  if (signal?.aborted) close()
  signal?.addEventListener('abort', close, { once: true })

  const askOnce = async (since: number | undefined): Promise<boolean> => {
    // Taken before the request: the answer holds at least what was known to the issuer then.
    const askedAtMs = clock.monotonicMs()
    const query = since === undefined ? '' : `?since=${since}`
    const answer = await fetchText({ fetch, clock }, `${issuer}${issuerPaths.feed}${query}`, {
      headers: { accept: 'application/json' },
      bytesMax: pageCharactersMax,
      signal: controller.signal,
    })
    if (answer.status !== 200) throw new Unreachable(`the revocation feed answered ${answer.status}`)
    const page = readPage(answer.text)
    hearKeys(page.keys)
    return view.applyPage(page, askedAtMs)
  }

  let asking: Promise<void> | undefined
  const ask = () => {
    // What could not be held is fetched whole again, in the hope that it fits by then.
    asking ??= askOnce(view.isOverfull ? undefined : view.seq)
      .then(async (isWhole) => {
        if (!isWhole) await askOnce(undefined)
      })
      .finally(() => {
        asking = undefined
      })
    return asking
  }
  const askAnew = async () => {
    await asking?.catch(() => {})
    await ask()
  }

  return { view, signal: controller.signal, listeners, ready, ask, askAnew, keys: () => keys, hearKeys, close }
}

/** INVARIANT: who shares a feed is told of each change, whatever another one's listener throws; that is nobody's to catch here. */
const tell = (listener: () => void): void => {
  try {
    listener()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

const toFeed = ({ view, listeners, ready, keys, close }: Core, issuer: string, isConnected: () => boolean): Feed => ({
  issuer,
  view,
  get isConnected() {
    return isConnected()
  },
  get keys() {
    return keys()
  },
  ready: () => ready.promise,
  onChange: (listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  close,
})

/** The fallback: nothing is asked while the stream's heartbeats keep the view younger than the period. */
const keepAsking = async ({ view, signal, ask }: Core, { clock, random }: FeedOptions, everySeconds: number) => {
  while (!signal.aborted) {
    if (isOlderThan(view, everySeconds)) await ask().catch(() => {})
    await pause(clock, jittered(everySeconds * 1000, random), signal)
  }
}

const isOlderThan = (view: View, seconds: number): boolean => (view.ageSeconds() ?? Number.POSITIVE_INFINITY) >= seconds

const readStream = async (core: Core, { issuer, fetch, clock }: FeedOptions, onSpoken: () => void): Promise<void> => {
  const { view } = core
  const bound = boundedBy({ clock, timeoutMs: silenceMsMax, signal: core.signal })
  try {
    const query = view.seq === undefined ? '' : `?since=${view.seq}`
    const askedAtMs = clock.monotonicMs()
    const response = await bound.before(
      fetch(`${issuer}${issuerPaths.feed}${query}`, {
        headers: { accept: 'text/event-stream' },
        signal: bound.signal,
        redirect: 'error',
      }),
    )
    refuseRedirect(response)
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
    if (response.status !== 200 || response.body === null || !isStream) throw new Unreachable('the feed gave no stream')
    const events = readEvents(response.body, { charactersMax: pageCharactersMax })
    for (;;) {
      const { done, value } = await bound.before(events.next())
      if (done) return
      // When that fails, the next heartbeat shows the gap again; until then nothing counts as fresh.
      if (!apply(core, value, askedAtMs)) await core.askAnew().catch(() => {})
      if (value.event === 'snapshot') onSpoken()
      // Silence is measured from event to event.
      bound.extend()
    }
  } finally {
    bound.abort()
    bound.release()
  }
}

/** False when the event shows a gap: what is missing must be asked for. */
const apply = ({ view, hearKeys }: Core, { event, data }: ServerSentEvent, askedAtMs: number): boolean => {
  if (event === 'snapshot') {
    const page = readPage(data)
    hearKeys(page.keys)
    return view.applyPage(page, askedAtMs)
  }
  if (event === 'change') return view.applyChange(readEntry(data))
  if (event === 'heartbeat') {
    const { seq, keys } = readHeartbeat(data)
    hearKeys(keys)
    return view.hearSeq(seq)
  }
  return true
}
