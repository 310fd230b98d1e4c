import type { Transaction } from 'kysely'
import { appendEvents, keepBeside } from '../ledger/append.ts'
import type { EventDraft, Kept } from '../ledger/event.ts'
import type { LedgerTables } from '../ledger/schema.ts'
import type { Changes } from './changes.ts'
import type { Clock } from './clock.ts'
import type { Database } from './database.ts'
import { coreFault, Fault } from './fault.ts'
import type { Log } from './log.ts'
import type { Random } from './random.ts'
import type { KitTables } from './schema.ts'

/** What was decided from memory: the record of it and what will be answered once that record is durable. */
export interface Judged<T> {
  readonly drafts: readonly EventDraft[]
  readonly kept?: readonly Kept[]
  readonly value: T
}

/** Something that may be used once, ever: a key in a named space, and until when it must be remembered. */
export interface Once {
  readonly space: string
  readonly key: string
  readonly until: Date
}

/** One call on the hot path. `judge` reads memory only and is asked again when that memory turned out to be old. */
export interface HotCall<T> {
  judge(): Promise<Judged<T>>
  readonly once?: Once
  /** What to record and answer when `once` was used already; required with it. */
  readonly replayed?: () => Judged<T>
}

/** The hot pipeline: decisions from memory, records in group commit, the answer after the commit (design rule 2, 13). */
export interface Hot {
  run<T>(call: HotCall<T>): Promise<T>
  /** Waits until all that was asked is committed. */
  drain(): Promise<void>
}

interface Waiting {
  call: HotCall<unknown>
  judged: Judged<unknown>
  judgedAt: number
  resolve(value: unknown): void
  reject(error: unknown): void
}

const BATCH_MAX = 256
const WAITING_MAX = 20_000
const REMEMBERED_MAX = 50_000

/** The hot pipeline of this process. `committed` is told after each commit (the sequencer's wake-up). */
export const createHot = (given: {
  database: Database
  changes: Changes
  clock: Clock
  random: Random
  log: Log
  committed(): void
}): Hot => {
  const { database, changes, clock, random, log } = given
  const isKept = boundedSet(REMEMBERED_MAX)
  let waiting: Waiting[] = []
  let isRunning = false
  let idle: (() => void)[] = []

  const judgeAgain = async (item: Waiting): Promise<void> => {
    item.judgedAt = changes.applied()
    item.judged = await item.call.judge()
  }

  const commit = async (batch: Waiting[]): Promise<void> => {
    const now = clock.now()
    const fresh = new Set<string>()
    await database.write(async (tx: Transaction<KitTables & LedgerTables>) => {
      fresh.clear()
      // Rule 13: what is decided before a quarantine is not answered after it. The head cannot move until we commit.
      const head = await changes.head(tx)
      if (head !== changes.applied()) await changes.catchUp()
      for (const item of batch) if (item.judgedAt < head) await judgeAgain(item)
      await spendOnce(tx, batch)
      const kept = batch.flatMap((item) => item.judged.kept ?? []).filter(({ digest }) => !isKept.has(digest))
      const once = new Map(kept.map((text) => [text.digest, text]))
      await keepBeside(tx, [...once.values()], now)
      for (const digest of once.keys()) fresh.add(digest)
      await appendEvents(
        tx,
        batch.flatMap((item) => item.judged.drafts),
        { random, now },
      )
    })
    for (const digest of fresh) isKept.add(digest)
  }

  const settle = async (batch: Waiting[]): Promise<void> => {
    try {
      await commit(batch)
      given.committed()
      for (const item of batch) await answer(item)
    } catch (error) {
      log.error({ err: error }, 'hot records not committed')
      for (const item of batch) item.reject(unavailable(error))
    }
  }

  // A quarantine that was applied here between our commit and now has won: the answer is judged once more.
  const answer = async (item: Waiting): Promise<void> => {
    if (item.judgedAt < changes.applied()) {
      const before = item.judged
      await judgeAgain(item)
      if (item.judged.value instanceof Fault) return item.resolve(item.judged.value)
      item.judged = before
    }
    item.resolve(item.judged.value)
  }

  const loop = async (): Promise<void> => {
    isRunning = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_MAX)
      waiting = waiting.slice(BATCH_MAX)
      await settle(batch)
    }
    isRunning = false
    for (const done of idle) done()
    idle = []
  }

  return {
    run: async <T>(call: HotCall<T>): Promise<T> => {
      if (waiting.length >= WAITING_MAX) throw coreFault('unavailable', { retryAfterSeconds: 1 })
      const judgedAt = changes.applied()
      const judged = await call.judge()
      const value = await new Promise<unknown>((resolve, reject) => {
        waiting.push({ call, judged, judgedAt, resolve, reject })
        // One turn of the event loop gathers what arrived together into one commit.
        if (!isRunning) {
          isRunning = true
          setImmediate(() => void loop())
        }
      })
      // Every judged value of this call is a T or a Fault that the caller handles; see HotCall.
      return value as T
    },
    drain: () => (isRunning ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()),
  }
}

const unavailable = (error: unknown): Fault =>
  error instanceof Fault ? error : coreFault('unavailable', { retryAfterSeconds: 1, cause: error })

/** Single use is one conditional write: who finds the row there already is a replay (design rule 10). */
const spendOnce = async (tx: Transaction<KitTables>, batch: Waiting[]): Promise<void> => {
  const users = batch.filter((item) => item.call.once !== undefined)
  if (users.length === 0) return
  const first = new Map<string, Waiting>()
  const nameOf = (once: Once): string => JSON.stringify([once.space, once.key])
  for (const item of users) {
    const name = item.call.once === undefined ? '' : nameOf(item.call.once)
    if (!first.has(name)) first.set(name, item)
  }
  const rows = [...first.values()].flatMap(({ call }) =>
    call.once === undefined ? [] : [{ space: call.once.space, key: call.once.key, until: call.once.until.getTime() }],
  )
  const spent = await tx
    .insertInto('kit_once')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['space', 'key']).doNothing())
    .returning(['space', 'key'])
    .execute()
  const won = new Set(spent.map((row) => JSON.stringify([row.space, row.key])))
  for (const item of users) {
    const name = item.call.once === undefined ? '' : nameOf(item.call.once)
    const isReplay = !won.has(name) || first.get(name) !== item
    if (isReplay && item.call.replayed !== undefined) item.judged = item.call.replayed()
    else if (isReplay) throw new Error('a call with a single use must say what a replay is answered')
  }
}

const boundedSet = (max: number) => {
  const kept = new Set<string>()
  return {
    has: (value: string) => kept.has(value),
    add: (value: string) => {
      if (kept.size >= max) kept.delete(kept.values().next().value ?? '')
      kept.add(value)
    },
  }
}
