import type Pg from 'pg'
import type { Random } from './random.ts'

/**
 * One connection to PostgreSQL that hears what others notify, and is asked twice a second whether anybody is there: a
 * database that says nothing any more, while every connection to it stays open, is found gone as one that is cut is.
 */
export interface Line {
  /** Calls `wake` for each notification, and whenever some may have been missed. Returns how to stop. */
  listen(channel: string, wake: () => void): Promise<() => Promise<void>>
  /** Whether the database cannot be reached; nobody is to try until this line found it again. */
  isGone(): boolean
  /** Whether the database is there, and was not away a moment ago: all that lost it come back in that moment. */
  isSteady(): boolean
  /** Tells when it is found gone. Returns how to stop hearing. */
  onGone(hear: () => void): () => void
}

/** The database cannot be reached; whoever waits for it is told at once. */
export class Unreachable extends Error {
  constructor(cause?: unknown) {
    super('the database is not reachable', { cause })
    this.name = 'Unreachable'
  }
}

const BEAT_MS = 500
// Nobody waits longer than a beat and this: a caller is to know within two seconds (A1).
const ANSWER_MS_MAX = 1_000
const RETRY_MS_MIN = 500
const STEADY_AFTER_MS = 2_000

/** The line to this database; it is opened by the first who listens. */
export const createLine = (pg: typeof Pg, url: string, random: Random): Line => {
  const channels = new Map<string, () => void>()
  const hearers = new Set<() => void>()
  let client: Pg.Client | undefined
  let opening: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let isGone = false
  let isSteady = true
  let steadyTimer: NodeJS.Timeout | undefined
  let hasBeaten = false

  const fallGone = (): void => {
    if (isGone) return
    isGone = true
    isSteady = false
    clearTimeout(steadyTimer)
    for (const hear of [...hearers]) hear()
  }

  /** Asks, and cuts the connection where no answer comes. */
  const ask = async (of: Pg.Client, text: string): Promise<void> => {
    let isAnswered = false
    const late = setTimeout(() => {
      // An answer that came while this process was busy is still to be read.
      setImmediate(() => {
        if (isAnswered) return
        if (client === of) fallGone()
        cut(of)
      })
    }, ANSWER_MS_MAX)
    try {
      await of.query(text)
    } finally {
      isAnswered = true
      clearTimeout(late)
    }
  }

  const open = (): Promise<void> => {
    opening ??= openOnce().finally(() => {
      opening = undefined
    })
    return opening
  }

  const openOnce = async (): Promise<void> => {
    const made = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWER_MS_MAX, keepAlive: true })
    made.on('error', () => undefined)
    made.on('notification', ({ channel }) => channels.get(channel)?.())
    try {
      await made.connect()
      for (const channel of channels.keys()) await ask(made, listenTo(pg, channel))
    } catch (error) {
      cut(made)
      throw error
    }
    if (channels.size === 0) return cut(made)
    client = made
    hasBeaten = false
    made.once('end', () => lost(made))
    if (isGone)
      steadyTimer = setTimeout(() => {
        isSteady = true
      }, STEADY_AFTER_MS).unref()
    isGone = false
    for (const wake of channels.values()) wake()
    beat(made)
  }

  const beat = (of: Pg.Client): void => {
    timer = setTimeout(() => {
      ask(of, 'select 1').then(
        () => {
          hasBeaten = true
          if (client === of) beat(of)
        },
        // Its end is told to `lost`.
        () => undefined,
      )
    }, BEAT_MS).unref()
  }

  const lost = (was: Pg.Client): void => {
    if (client !== was) return
    client = undefined
    clearTimeout(timer)
    // One that ends as soon as it is made would be made again without a pause.
    if (isGone || !hasBeaten) retryLater()
    else retry()
  }

  const retry = (): void => {
    // Somebody who began to listen meanwhile may have opened it: two would be told everything twice, and one never end.
    if (channels.size === 0 || client !== undefined) return
    open().catch(() => {
      fallGone()
      retryLater()
    })
  }

  // Replicas that lost the database in one moment must not come back in one.
  const retryLater = (): void => {
    timer = setTimeout(retry, RETRY_MS_MIN + jitterMs(random)).unref()
  }

  return {
    listen: async (channel, wake) => {
      channels.set(channel, wake)
      if (client !== undefined) await ask(client, listenTo(pg, channel))
      else await open()
      return async () => {
        channels.delete(channel)
        if (channels.size > 0) return
        clearTimeout(timer)
        const last = client
        client = undefined
        if (last !== undefined) cut(last)
      }
    },
    isGone: () => isGone,
    isSteady: () => isSteady,
    onGone: (hear) => {
      hearers.add(hear)
      return () => hearers.delete(hear)
    },
  }
}

const listenTo = (pg: typeof Pg, channel: string): string => `listen ${pg.escapeIdentifier(channel)}`

/** Ends a connection without a word to whoever may not read it any more. */
export const cut = (client: Pg.Client): void => {
  client.end().catch(() => undefined)
  // Asked nicely it would wait for an answer. The driver tells nobody of its socket, but its own pool cuts by it as well.
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}

/** Up to half a second. */
const jitterMs = (random: Random): number => random.bytes(2).readUInt16BE() / 128
