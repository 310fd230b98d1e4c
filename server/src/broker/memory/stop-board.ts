import type { RevocationEntry } from '@reeve/sdk'
import type { Clock } from '../../kit/clock.ts'
import type { Handle } from '../../kit/database.ts'
import { GRACE_MS } from '../domain/stop-rule.ts'
import type { FeedFollower } from '../room.ts'
import type { BrokerTables } from '../schema.ts'
import { ADDRESS_CHARS_MAX, FOLLOWERS_MAX } from '../store-follower.ts'
import { feedHead, readFeed, stopsInForce } from '../store-stop.ts'

/** What is stopped now and the newest part of the feed, in the memory of this replica. */
export interface StopBoard {
  /** The number up to which this replica has applied the feed. */
  seq(): number
  isStopped(target: string, nowMs: number): boolean
  /** How a target is stopped, if it is. */
  verbOf(target: string, nowMs: number): 'quarantine' | 'revoke' | undefined
  /** A page of the feed as JSON text: what came after `since`, or everything in force. */
  page(since: number | undefined): string
  /** Tells of entries as soon as they are applied; undefined when listeners must read everything again. */
  onEntries(listener: (entries: readonly RevocationEntry[] | undefined) => void): () => void
  /** Says that somebody at this address follows the feed; returns how to say that it is over. */
  follow(address: string): () => void
  /** Who follows here, an address each, with when its newest feed was opened; bounded. */
  followers(): readonly FeedFollower[]
  /** Reads everything from the database. */
  load(): Promise<void>
  /** Reads what is new. */
  advance(): Promise<void>
}

const TAIL_MAX = 10_000
const BATCH = 1_000

/** The board of this replica, empty until it is loaded. */
export const createStopBoard = (db: Handle<BrokerTables>, clock: Clock): StopBoard => {
  const inForce = new Map<string, RevocationEntry>()
  const listeners = new Set<(entries: readonly RevocationEntry[] | undefined) => void>()
  const following = new Set<FeedFollower>()
  let tail: RevocationEntry[] = []
  let seq = 0
  let whole: { readonly text: string; readonly sweptAtMs: number } | undefined

  const tell = (entries: readonly RevocationEntry[] | undefined) => {
    whole = undefined
    for (const listener of listeners) listener(entries)
  }

  const load = async (): Promise<void> => {
    // The number first: what commits after it is applied once more by advance, which changes nothing.
    const head = await feedHead(db)
    const entries = await stopsInForce(db, new Date(clock.now().getTime() - GRACE_MS))
    inForce.clear()
    for (const entry of entries) inForce.set(entry.target, entry)
    tail = []
    seq = head
    tell(undefined)
  }

  const apply = (entries: readonly RevocationEntry[]): void => {
    for (const entry of entries) {
      if (entry.verb === 'release') inForce.delete(entry.target)
      else inForce.set(entry.target, entry)
      seq = entry.seq
    }
    tail = [...tail, ...entries].slice(-TAIL_MAX)
    tell(entries)
  }

  const advance = async (): Promise<void> => {
    for (;;) {
      const entries = await readFeed(db, seq, BATCH)
      const first = entries[0]
      if (first === undefined) return
      // Missing ones were swept while this replica stood still.
      if (first.seq !== seq + 1) return load()
      apply(entries)
    }
  }

  const wholePage = (): string => {
    const nowMs = clock.now().getTime()
    if (whole !== undefined && nowMs - whole.sweptAtMs < SWEEP_MS) return whole.text
    for (const [target, entry] of inForce) if (endMs(entry) + GRACE_MS <= nowMs) inForce.delete(target)
    const text = JSON.stringify({ seq, snapshot: true, entries: [...inForce.values()] })
    whole = { text, sweptAtMs: nowMs }
    return text
  }

  const stopping = (target: string, nowMs: number): RevocationEntry | undefined => {
    const entry = inForce.get(target)
    return entry !== undefined && endMs(entry) > nowMs ? entry : undefined
  }

  return {
    seq: () => seq,
    isStopped: (target, nowMs) => stopping(target, nowMs) !== undefined,
    verbOf: (target, nowMs) => {
      const verb = stopping(target, nowMs)?.verb
      return verb === 'release' ? undefined : verb
    },
    page: (since) => {
      const first = tail[0]?.seq ?? seq + 1
      if (since === undefined || since > seq || since < first - 1) return wholePage()
      return JSON.stringify({ seq, snapshot: false, entries: tail.slice(since - first + 1) })
    },
    onEntries: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    follow: (address) => {
      const opened = { address: address.slice(0, ADDRESS_CHARS_MAX), openedAt: clock.now() }
      following.add(opened)
      return () => following.delete(opened)
    },
    followers: () => {
      const newest = new Map([...following].map((each) => [each.address, each]))
      return [...newest.values()].slice(0, FOLLOWERS_MAX)
    },
    load,
    advance,
  }
}

const SWEEP_MS = 10_000

const endMs = (entry: RevocationEntry): number => (entry.until === null ? Number.POSITIVE_INFINITY : entry.until * 1000)
