import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import type { RecordsAhead } from '../ledger/ahead.ts'
import { appendEvents, entriesIn, keepBeside, rowsOf } from '../ledger/append.ts'
import type { Blocks } from '../ledger/blocks.ts'
import type { EventDraft, Kept } from '../ledger/event.ts'
import type { LedgerTables } from '../ledger/schema.ts'
import { boundedSet } from './bounded-set.ts'
import type { Changes } from './changes.ts'
import type { Clock } from './clock.ts'
import type { Database } from './database.ts'
import { isDatabaseGone } from './database-gone.ts'
import { coreFault, Fault } from './fault.ts'
import type { Log } from './log.ts'
import type { Random } from './random.ts'
import { recordAtOnce } from './record-at-once.ts'
import type { KitTables } from './schema.ts'
import { nameOf, type Once, spendRows } from './spend-once.ts'

/** What was decided from memory: the record of it and what will be answered once that record is durable. */
export interface Judged<T> {
  readonly drafts: readonly EventDraft[]
  readonly kept?: readonly Kept[]
  /** Records that share an event with others of their pool. */
  readonly pooled?: Pooled
  readonly value: T
}

/** Records of one call for one pool; what they are is the pool's own affair. */
export interface Pooled {
  readonly pool: Pool
  readonly records: readonly object[]
}

/** What is recorded so often that one event holds all of a commit: it writes them, and may name each where it stands. */
export interface Pool {
  write(
    records: readonly object[],
    given: { readonly random: Random; readonly now: Date },
  ): { readonly drafts: readonly EventDraft[]; readonly kept: readonly Kept[] }
}

/** One call on the hot path. `judge` reads memory only and is asked again when that memory turned out to be old. */
export interface HotCall<T> {
  judge(): Judged<T> | Promise<Judged<T>>
  /** What it uses up, all of it or nothing is granted: whatever of it was new is used up by a refusal as well. */
  readonly once?: readonly Once[]
  /** What to record and answer when one of `once` was used already; required with it. */
  readonly replayed?: (used: Once) => Judged<T>
  /** Judging reads the database: it is done again outside the commit that found it old, not while others wait. */
  readonly readsDatabase?: true
  /** The answer says what is true now (introspection): what is answered of a newer judgement instead of the recorded one. */
  newest?(recorded: T, newest: T): T
  /** Whether a newer judgement forbids to answer the recorded one; it is then recorded and answered in its place. */
  isOvertaken?(recorded: T, newest: T): boolean
}

/** The hot pipeline: decisions from memory, records in group commit, the answer after the commit (design rule 2, 13). */
export interface Hot {
  /** Resolves to the value that was judged, or to the fault of a judgement that changed before it was answered. */
  run<T>(call: HotCall<T>): Promise<T>
  /** The same without a promise, for whoever answers thousands a second. Exactly one of both is called, once. */
  ask<T>(call: HotCall<T>, answered: (value: T) => void, failed: (error: unknown) => void): void
  /** Waits until all that was asked is committed. */
  drain(): Promise<void>
}

interface Waiting {
  readonly call: HotCall<unknown>
  judged: Judged<unknown>
  judgedAt: number
  tries: number
  readonly answered: (value: unknown) => void
  readonly failed: (error: unknown) => void
}

/** What was recorded of a call, and so is answered. */
interface Recorded {
  readonly item: Waiting
  readonly judged: Judged<unknown>
}

/** What a commit holds. */
interface Committed {
  readonly recorded: readonly Recorded[]
  readonly drafts: readonly EventDraft[]
}

const BATCH_MAX = 256
const WAITING_MAX = 20_000
const REMEMBERED_MAX = 50_000
// How often a reading call may be overtaken by changes before it is sent away.
const TRIES_MAX = 5
const GATHER_TURNS_MAX = 40
const ON_THE_WAY_MAX = 1
const QUIET_TURNS = 2

/** The hot pipeline of this process. `committed` is told after each commit what it recorded. */
export const createHot = (given: {
  database: Database
  changes: Changes
  clock: Clock
  random: Random
  log: Log
  /** Where records may be durable before they are in the database; theirs is the one process that has it. */
  ahead?: RecordsAhead | undefined
  /** Is told what a block holds that was committed here. */
  blocks?: Blocks | undefined
  committed(drafts: readonly EventDraft[]): void
}): Hot => {
  const { database, changes, clock, random, log, ahead, blocks } = given
  const isKept = boundedSet(REMEMBERED_MAX)
  const wasUsed = boundedSet(REMEMBERED_MAX)
  let waiting: Waiting[] = []
  let isRunning = false
  let onTheWay = 0
  let asked = 0
  let idle: (() => void)[] = []
  // One loop answers many: what it does is not done in the place of whoever came first (place.ts).
  const asNobody = AsyncLocalStorage.snapshot()

  const judgeAgain = async (item: Waiting): Promise<void> => {
    const judgedAt = changes.applied()
    try {
      item.judged = await item.call.judge()
    } catch (error) {
      // A refusal that came meanwhile is an answer, not a failure of the batch; whoever asked records it.
      if (!(error instanceof Fault)) throw error
      item.judged = { drafts: [], value: error }
    }
    item.judgedAt = judgedAt
  }

  /** What is to be written of these, and which texts of it are new. */
  const written = (recorded: readonly Recorded[], now: Date) => {
    const pages = pagesOf(recorded, { random, now })
    const texts = [...recorded.flatMap(({ judged }) => judged.kept ?? []), ...pages.flatMap((page) => page.kept)]
    // In one order on every replica, so that two cannot wait for each other.
    const unkept = texts.filter(({ digest }) => !isKept.has(digest)).sort((a, b) => (a.digest < b.digest ? -1 : 1))
    const fresh = new Map(unkept.map((text) => [text.digest, text]))
    const drafts = [...recorded.flatMap(({ judged }) => judged.drafts), ...pages.flatMap((page) => page.drafts)]
    return { drafts, fresh }
  }

  /**
   * Puts the records ahead of the tables: what they use up is new, and nothing was changed since they were judged. Undefined where
   * that cannot be. INVARIANT: no turn of the event loop passes between the look at the memory, and at what was used, and the record.
   */
  const putAhead = (batch: readonly Waiting[]): Promise<Committed> | undefined => {
    if (ahead === undefined || !changes.isTrue() || !ahead.isOpen(batch.length)) return undefined
    const isPlain = ({ call, judgedAt }: Waiting): boolean =>
      call.readsDatabase !== true && judgedAt === changes.applied()
    if (!batch.every(isPlain)) return undefined
    const now = clock.now()
    const recorded = batch.map((item) => ({ item, judged: item.judged }))
    try {
      const { drafts, fresh } = written(recorded, now)
      const uses = batch.flatMap(({ call }) => call.once ?? [])
      const done = ahead.keep(rowsOf(drafts, [...fresh.values()], { random, now }), uses)
      return done?.then(() => {
        for (const digest of fresh.keys()) isKept.add(digest)
        return { recorded, drafts }
      })
    } catch {
      // One of them cannot be written at all: the ordinary way finds which.
      return undefined
    }
  }

  /** Commits in one round trip; undefined where the database has to be asked why not, or was to be asked anyway. */
  const commitAtOnce = async (batch: readonly Waiting[]): Promise<Committed | undefined> => {
    const head = changes.applied()
    if (database.writeAtOnce === undefined || batch.some(({ judgedAt }) => judgedAt !== head)) return undefined
    const uses = batch.flatMap(({ call }) => call.once ?? [])
    const names = uses.map(nameOf)
    // Of a replay the statement would come to nothing: nobody makes it do so again and again for all others of a group.
    if (names.some(wasUsed.has)) return undefined
    const now = clock.now()
    const recorded = batch.map((item) => ({ item, judged: item.judged }))
    const { drafts, fresh } = written(recorded, now)
    const rows = rowsOf(drafts, [...fresh.values()], { random, now })
    for (const name of names) wasUsed.add(name)
    if (!(await recordAtOnce(database, { head, uses, rows }))) return undefined
    blocks?.wrote(entriesIn(rows))
    for (const digest of fresh.keys()) isKept.add(digest)
    return { recorded, drafts }
  }

  const commit = async (batch: readonly Waiting[]): Promise<Committed> => {
    const done = await commitAtOnce(batch)
    if (done !== undefined) return done
    const now = clock.now()
    let recorded: readonly Recorded[] = []
    let drafts: readonly EventDraft[] = []
    let late: readonly Waiting[] = []
    let fresh: ReadonlyMap<string, Kept> = new Map()
    // Everything that `work` finds is found again when the engine asks for the transaction again.
    await database.writeGroup(async (tx: Transaction<KitTables & LedgerTables>) => {
      // Rule 13: what is decided before a quarantine is not answered after it. The head cannot move until we commit.
      const head = await changes.head(tx)
      if (head !== changes.applied()) await changes.catchUp()
      late = batch.filter((item) => item.judgedAt < head && item.call.readsDatabase === true)
      const ready = late.length === 0 ? batch : batch.filter((item) => !late.includes(item))
      for (const item of ready) if (item.judgedAt < head) await judgeAgain(item)
      recorded = await spendOnce(tx, ready)
      const all = written(recorded, now)
      await keepBeside(tx, [...all.fresh.values()], now)
      await appendEvents(tx, all.drafts, { random, now })
      drafts = all.drafts
      fresh = all.fresh
    })
    for (const digest of fresh.keys()) isKept.add(digest)
    for (const item of late) void putBack(item)
    return { recorded, drafts }
  }

  /** Judges again outside any transaction, and waits for the next commit; whoever never gets there is told to return. */
  const putBack = async (item: Waiting): Promise<void> => {
    item.tries += 1
    if (item.tries > TRIES_MAX) return finish(item.failed, coreFault('unavailable', { retryAfterSeconds: 1 }))
    try {
      await judgeAgain(item)
      enqueue(item)
    } catch (error) {
      finish(item.failed, asFault(error))
    }
  }

  /** Commits the batch. What spoils a batch fails alone: the batch is halved until the call that does it is found. */
  const settle = async (batch: readonly Waiting[], already?: Promise<Committed>): Promise<void> => {
    let committed: Committed
    try {
      committed = await (already ?? commit(batch))
    } catch (error) {
      // What is ahead may come into the tables yet: written once more it would be there twice.
      if (already === undefined && batch.length > 1 && !isDatabaseGone(error)) {
        const half = Math.ceil(batch.length / 2)
        await settle(batch.slice(0, half))
        return settle(batch.slice(half))
      }
      log.error({ err: error }, 'hot records not committed')
      for (const item of batch) finish(item.failed, asFault(error))
      return
    }
    try {
      given.committed(committed.drafts)
    } catch (error) {
      // It is committed: whoever only listens holds up no answer.
      log.error({ err: error }, 'unexpected error of who is told of a commit')
    }
    for (const done of committed.recorded) {
      const { item, judged } = done
      if (item.judgedAt >= changes.applied()) finish(item.answered, judged.value)
      else await answerLate(done).catch((error: unknown) => finish(item.failed, asFault(error)))
    }
  }

  // A quarantine that was applied here between our commit and now has won: the answer is judged once more, and a refusal
  // that comes of it is recorded before it is answered.
  const answerLate = async ({ item, judged }: Recorded): Promise<void> => {
    await judgeAgain(item)
    const { value, drafts } = item.judged
    if (!(value instanceof Fault)) {
      if (item.call.isOvertaken?.(judged.value, value) === true) return enqueue(item)
      const { newest } = item.call
      return finish(item.answered, newest === undefined ? judged.value : newest(judged.value, value))
    }
    if (drafts.length === 0) return finish(item.answered, value)
    const call: HotCall<unknown> = { judge: async () => ({ drafts, value }) }
    enqueue({ ...item, call, judged: { drafts, value }, judgedAt: changes.applied() })
  }

  /**
   * Where many ask at once, a commit takes along those who come in the next turns, until some turns bring nobody: each
   * commit costs as much as ten answers. Whoever asks alone waits for nobody.
   */
  const gathered = async (): Promise<void> => {
    let quiet = 0
    for (let seen = 1, turns = 0; turns < GATHER_TURNS_MAX && quiet < QUIET_TURNS; turns++) {
      if (waiting.length <= 1 || waiting.length >= BATCH_MAX) return
      quiet = waiting.length > seen ? 0 : quiet + 1
      seen = waiting.length
      await nextTurn()
    }
  }

  const loop = async (): Promise<void> => {
    while (waiting.length > 0) {
      await gathered()
      const batch = waiting.slice(0, BATCH_MAX)
      waiting = waiting.slice(BATCH_MAX)
      const kept = putAhead(batch)
      const settled = settle(batch, kept)
      // While one is on its way to the disk, the next is written behind it.
      if (kept === undefined || onTheWay >= ON_THE_WAY_MAX) await settled
      else {
        onTheWay += 1
        void settled.finally(() => {
          onTheWay -= 1
        })
      }
    }
    isRunning = false
  }

  const enqueue = (item: Waiting): void => {
    waiting.push(item)
    // One turn of the event loop gathers what arrived together into one commit.
    if (isRunning) return
    isRunning = true
    setImmediate(() => void asNobody(loop))
  }

  /** Tells whoever asked how it ended. */
  const finish = <T>(tell: (end: T) => void, end: T): void => {
    try {
      tell(end)
    } catch (error) {
      // The others of its commit are answered all the same.
      log.error({ err: error }, 'unexpected error of who is answered')
    }
    asked -= 1
    if (asked > 0) return
    for (const done of idle) done()
    idle = []
  }

  const ask = <T>(call: HotCall<T>, answered: (value: T) => void, failed: (error: unknown) => void): void => {
    if (waiting.length >= WAITING_MAX) {
      failed(coreFault('unavailable', { retryAfterSeconds: 1 }))
      return
    }
    asked += 1
    const judgedAt = changes.applied()
    const told = {
      // Every judged value of this call is a T or a Fault that the caller handles; see HotCall.
      answered: answered as (value: unknown) => void,
      failed,
    }
    const wait = (judged: Judged<T>): void => enqueue({ call, judged, judgedAt, tries: 0, ...told })
    try {
      const judged = call.judge()
      if (judged instanceof Promise) judged.then(wait, (error: unknown) => finish(failed, error))
      else wait(judged)
    } catch (error) {
      finish(failed, error)
    }
  }

  return {
    ask,
    run: (call) => new Promise((resolve, reject) => ask(call, resolve, reject)),
    drain: () => (asked > 0 ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()),
  }
}

/** What the pools make of the records of this commit. */
const pagesOf = (recorded: readonly Recorded[], given: { readonly random: Random; readonly now: Date }) => {
  const pools = new Map<Pool, object[]>()
  for (const { judged } of recorded) {
    if (judged.pooled === undefined) continue
    const { pool, records } = judged.pooled
    const known = pools.get(pool)
    if (known === undefined) pools.set(pool, [...records])
    else known.push(...records)
  }
  return [...pools].map(([pool, records]) => pool.write(records, given))
}

/** What the caller is told: to come back when the database is gone, and otherwise that this is a fault of ours. */
const asFault = (error: unknown): Fault => {
  if (error instanceof Fault) return error
  return isDatabaseGone(error)
    ? coreFault('unavailable', { retryAfterSeconds: 1, cause: error })
    : coreFault('internal', { cause: error })
}

/** Single use is one conditional write: who finds the row there already is a replay (design rule 10). */
const spendOnce = async (tx: Transaction<KitTables>, batch: readonly Waiting[]): Promise<readonly Recorded[]> => {
  const first = new Map<string, { item: Waiting; once: Once }>()
  for (const item of batch) {
    for (const once of item.call.once ?? []) if (!first.has(nameOf(once))) first.set(nameOf(once), { item, once })
  }
  // In one order on every replica, so that two batches cannot wait for each other.
  const names = [...first.keys()].sort()
  const won = await spendRows(
    tx,
    names.flatMap((name) => first.get(name)?.once ?? []),
  )
  return batch.map((item) => {
    const { once = [], replayed } = item.call
    const used = once.find((each) => !won.has(nameOf(each)) || first.get(nameOf(each))?.item !== item)
    if (used === undefined) return { item, judged: item.judged }
    if (replayed === undefined) throw new Error('a call with a single use must say what a replay is answered')
    return { item, judged: replayed(used) }
  })
}
