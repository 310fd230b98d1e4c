import {
  appendLeaf,
  type CompactRange,
  emptyRange,
  leafHash,
  loadRange,
  rangeOf,
  rootOf,
  type TreeNode,
} from '@reeve/sdk/ledger'
import type { Transaction } from 'kysely'
import type { Clock } from '../kit/clock.ts'
import type { Database, Handle } from '../kit/database.ts'
import { insertRows } from '../kit/insert-rows.ts'
import type { Log } from '../kit/log.ts'
import { runText } from '../kit/run-text.ts'
import type { Durable, Numbering, RecordsAhead } from './ahead.ts'
import { type Entry, insertNumbered } from './append.ts'
import type { Blocks } from './blocks.ts'
import { LedgerRolledBack } from './rolled-back.ts'
import type { LedgerTables } from './schema.ts'
import { nodeReader } from './tree.ts'
import { adoptOlder, lastPosition, moveNumbered, takeTurn, unnumbered } from './unnumbered.ts'

/** Signs the tree's head and keeps the note where a restored database cannot reach it. */
export interface CheckpointKeeper {
  sign(head: TreeHead): string
  /** Throws `LedgerRolledBack` when what is kept there is of another log than `db`. */
  keep(note: string, db: Handle<LedgerTables>): Promise<void>
}

/** The size of the log and the root hash over it. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/** Numbers what was committed, builds the tree over it, and has its head signed. One replica at a time does it. */
export interface Sequencer {
  /** Something was committed: number it soon. */
  poke(): void
  /** Numbers all that is committed now and signs a checkpoint over it; resolves to the log's size. */
  flush(): Promise<number>
  /** Called after entries were numbered here, with the new size. */
  onAdvance(listener: (size: number) => void): void
  /** Called with the entries that were numbered here, in order, and the number of the first. */
  onNumbered(listener: (first: number, entries: readonly Entry[]) => void): void
  /** Why this database's log is not to be written to any more; undefined as long as it only grew. */
  rolledBack(): string | undefined
  start(): Promise<void>
  stop(): Promise<void>
}

const POLL_MS = 500
const CHECKPOINT_EVERY_MS = 250
// Under load many commits are numbered in one go: a commit of its own for each would double what is written.
const NUMBER_EVERY_MS = 100
const RETRY_MS = 500
const CHANNEL = 'reeve_ledger'
const NOTHING: Durable = { events: [], entries: [] }

/** The sequencer of this process. */
export const createSequencer = (given: {
  database: Database
  clock: Clock
  log: Log
  keeper: CheckpointKeeper
  /** What is ahead of the tables gets its numbers without a stay in one. */
  ahead?: RecordsAhead | undefined
  /** What is known of blocks without reading them. */
  blocks?: Blocks | undefined
}): Sequencer => {
  const { database, clock, log, keeper, ahead, blocks } = given
  const listeners: ((size: number) => void)[] = []
  const readers: ((first: number, entries: readonly Entry[]) => void)[] = []
  let seen: TreeHead = { size: 0, root: rootOf(emptyRange) }
  let begunAtMs = Number.NEGATIVE_INFINITY
  let signedAtMs = Number.NEGATIVE_INFINITY
  let signedSize = -1
  let whyRolledBack: string | undefined
  let isPoked = false
  let mustSign = false
  let isStopped = false
  let running: Promise<void> = Promise.resolve()
  let queued: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let later: NodeJS.Timeout | undefined
  let next: NodeJS.Timeout | undefined
  let stopListening: (() => Promise<void>) | undefined

  /**
   * Numbers one batch. INVARIANT: what has a number is seen, so only what is durable gets one. The numbers need not be durable
   * themselves at once: on SQLite they go by position and nothing is committed before what was, so that after a power cut
   * the same entries get the same numbers again; a checkpoint is durable, and all before it, before it is kept outside.
   */
  const step = async (): Promise<Step> => {
    const wasAhead = ahead?.isEmpty() === false
    const last = await lastPosition(database)
    await database.settled()
    const number = async (tx: Transaction<LedgerTables>, durable: Durable): Promise<Numbering<Step>> => {
      await takeTurn(database, tx)
      const range = await readRange(tx)
      await assertGrownFrom(tx, seen, range)
      const { rows, isFull, areMore } = await unnumbered(database, tx, { last, blocks })
      // What waits in the table was there before what is ahead of it.
      const straight = areMore ? NOTHING : durable
      const step = { isFull, isOvertaken: wasAhead && areMore, written: rows.flatMap(({ block }) => block ?? []) }
      const waited = rows.flatMap((row) => row.entries)
      const entries = [...waited, ...straight.entries]
      const numbered = { first: range.size, entries }
      if (entries.length === 0) return { value: { ...step, numbered, head: headOf(range) }, isTaken: false }
      const { next, nodes } = growTree(range, entries)
      await moveNumbered(database, tx, rows, range.size)
      await insertNumbered(tx, straight.events, range.size + waited.length)
      await storeNodes(tx, nodes)
      await storeRange(tx, next, clock.now())
      await database.notify(tx, CHANNEL)
      return { value: { ...step, numbered, head: headOf(next) }, isTaken: !areMore }
    }
    if (ahead !== undefined) return ahead.number(number)
    return database.writeGroup(async (tx: Transaction<LedgerTables>) => (await number(tx, NOTHING)).value)
  }

  const tellReaders = ({ written, numbered }: Pick<Step, 'written' | 'numbered'>): void => {
    blocks?.forget(written)
    if (numbered.entries.length > 0) for (const read of readers) read(numbered.first, numbered.entries)
  }

  const work = async (isSigning: boolean): Promise<void> => {
    for (let isFirst = true; ; isFirst = false) {
      isPoked = false
      // From here on: who commits while it runs is numbered by the next run, and not at once after this one.
      begunAtMs = clock.monotonicMs()
      const { head, isFull, isOvertaken, ...done } = await step()
      tellReaders(done)
      if (head.size > seen.size) {
        seen = head
        for (const listener of listeners) listener(head.size)
      }
      // What was ahead at first waits in the table since, if others wrote meanwhile: a second look finds all of it there.
      const isCaughtUp = !isFull && !(isFirst && isOvertaken)
      await maybeSign(head, isCaughtUp && isSigning)
      if (isCaughtUp) return
    }
  }

  const maybeSign = async (head: TreeHead, must: boolean): Promise<void> => {
    if (head.size === signedSize || head.size === 0) return
    const nowMs = clock.monotonicMs()
    const waitMs = signedAtMs + CHECKPOINT_EVERY_MS - nowMs
    if (!must && waitMs > 0) return runLater(waitMs)
    const note = keeper.sign(head)
    await database.write(async (tx: Transaction<LedgerTables>) => {
      await tx
        .insertInto('ledger_checkpoint')
        .values({ size: head.size, note, at: clock.now().getTime() })
        .onConflict((conflict) => conflict.column('size').doNothing())
        .execute()
    })
    await keeper.keep(note, database.reader)
    signedAtMs = nowMs
    signedSize = head.size
  }

  /** Whoever asks while a run waits to begin shares it: it sees everything that is committed now. */
  const run = (): Promise<void> => {
    queued ??= running
      .catch(() => undefined)
      .then(() => {
        queued = undefined
        const isSigning = mustSign
        mustSign = false
        running = work(isSigning).catch((error: unknown) => {
          if (error instanceof LedgerRolledBack) whyRolledBack = error.message
          throw error
        })
        return running
      })
    return queued
  }

  const runLater = (delayMs: number): void => {
    if (isStopped) return
    later ??= setTimeout(() => {
      later = undefined
      mustSign = true
      soon()
    }, delayMs).unref()
  }

  /** A run that nobody waits for: when it fails it is tried again, whether or not anybody commits meanwhile. */
  const soon = (): void => {
    if (isStopped) return
    run().catch((error: unknown) => {
      log.error({ err: error }, 'the ledger could not be numbered, trying again')
      runLater(RETRY_MS)
    })
  }

  /** Another replica may have died before it numbered what it committed, or be of an older release. */
  const lookAround = (): void => void adoptOlder(database).then(soon, soon)

  const poke = (): void => {
    if (isPoked || isStopped) return
    isPoked = true
    const waitMs = begunAtMs + NUMBER_EVERY_MS - clock.monotonicMs()
    if (waitMs <= 0) setImmediate(soon)
    // One at a time: a run that came of something else lets the next commit ask again, and each would go on for ever.
    else
      next ??= setTimeout(() => {
        next = undefined
        soon()
      }, waitMs)
  }

  return {
    poke,
    flush: async () => {
      mustSign = true
      await run()
      return seen.size
    },
    onAdvance: (listener) => listeners.push(listener),
    onNumbered: (reader) => readers.push(reader),
    rolledBack: () => whyRolledBack,
    start: async () => {
      mustSign = true
      await adoptOlder(database)
      await run()
      stopListening = await database.listen(CHANNEL, poke)
      if (database.engine === 'postgres') timer = setInterval(lookAround, POLL_MS).unref()
    },
    stop: async () => {
      isStopped = true
      clearInterval(timer)
      clearTimeout(later)
      clearTimeout(next)
      await stopListening?.()
      mustSign = true
      await run().catch((error: unknown) =>
        log.error({ err: error }, 'the ledger could not be numbered before the end'),
      )
    },
  }
}

/** What a step came to, and what it left: where it took all it could there may be more, and others may have come before it. */
interface Step {
  readonly head: TreeHead
  readonly isFull: boolean
  readonly isOvertaken: boolean
  /** The blocks that were numbered. */
  readonly written: readonly string[]
  readonly numbered: { readonly first: number; readonly entries: readonly Entry[] }
}

const headOf = (range: CompactRange): TreeHead => ({ size: range.size, root: rootOf(range) })

/** INVARIANT: the log that is read now begins with the log that this process saw before. */
const assertGrownFrom = async (tx: Transaction<LedgerTables>, seen: TreeHead, range: CompactRange): Promise<void> => {
  if (range.size < seen.size) throw new LedgerRolledBack(`the log had ${seen.size} entries and now has ${range.size}`)
  // Equal sizes are compared at the edge; nodes are read only after another replica numbered something.
  const then = range.size === seen.size ? rootOf(range) : rootOf(await loadRange(seen.size, nodeReader(tx)))
  if (Buffer.compare(then, seen.root) !== 0)
    throw new LedgerRolledBack(`the first ${seen.size} entries of the log are not those that were there before`)
}

/** The bytes that the tree holds for an entry: canonical, because `event` sorts before `seq` and `body` is canonical. */
export const leafText = (body: string, seq: number): string => `{"event":${body},"seq":${seq}}`

const growTree = (range: CompactRange, entries: readonly Entry[]): { next: CompactRange; nodes: TreeNode[] } => {
  let next = range
  const nodes: TreeNode[] = []
  for (const { body } of entries) {
    const grown = appendLeaf(next, leafHash(Buffer.from(leafText(body, next.size))))
    next = grown.range
    nodes.push(...grown.nodes)
  }
  return { next, nodes }
}

const treeNodes = insertRows('ledger_node', ['level', 'idx', 'hash'])

const storeNodes = async (tx: Transaction<LedgerTables>, nodes: readonly TreeNode[]): Promise<void> => {
  await treeNodes.into(
    tx,
    nodes.map(({ level, index, hash }) => [level, index, Buffer.from(hash).toString('base64')]),
  )
}

const RANGE = 'select "size", "range" from "ledger_state" where "id" = 1'

/** Reads the tree's edge; the empty one in a new log. */
const readRange = async (tx: Transaction<LedgerTables>): Promise<CompactRange> => {
  const [row] = await runText<{ size: number; range: string }>(tx, RANGE, [])
  if (row === undefined) return emptyRange
  const hashes = row.range.split(' ').filter((text) => text !== '')
  const range = rangeOf(
    row.size,
    hashes.map((text) => Buffer.from(text, 'base64')),
  )
  if (range === undefined) throw new LedgerRolledBack('the stored edge of the tree does not fit its size')
  return range
}

const storeRange = async (tx: Transaction<LedgerTables>, range: CompactRange, now: Date): Promise<void> => {
  const hashes = range.hashes.map((hash) => Buffer.from(hash).toString('base64')).join(' ')
  const root = Buffer.from(rootOf(range)).toString('base64')
  await stateRow.into(tx, [[1, range.size, hashes, root, now.getTime()]])
}

const stateRow = insertRows(
  'ledger_state',
  ['id', 'size', 'range', 'root', 'at'],
  ' on conflict ("id") do update set "size" = excluded."size", "range" = excluded."range", "root" = excluded."root", "at" = excluded."at"',
)
