import { appendLeaf, type CompactRange, emptyRange, leafHash, rangeOf, rootOf, type TreeNode } from '@reeve/sdk/ledger'
import { sql, type Transaction } from 'kysely'
import type { Clock } from '../kit/clock.ts'
import type { Database } from '../kit/database.ts'
import type { Log } from '../kit/log.ts'
import type { LedgerTables } from './schema.ts'

/** Signs the tree's head and keeps the note where a restored database cannot reach it. */
export interface CheckpointKeeper {
  sign(head: TreeHead): string
  keep(note: string): Promise<void>
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
  start(): Promise<void>
  stop(): Promise<void>
}

/** The database's log became smaller or other than what this process saw: somebody restored or forged it. */
export class LedgerRolledBack extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LedgerRolledBack'
  }
}

const BATCH_MAX = 1000
const POLL_MS = 500
const CHECKPOINT_EVERY_MS = 250
const CHANNEL = 'reeve_ledger'
// Any constant that nothing else in this database uses: PostgreSQL's advisory locks are named by numbers.
const ADVISORY_LOCK = 7_236_001

/** The sequencer of this process. */
export const createSequencer = (given: {
  database: Database
  clock: Clock
  log: Log
  keeper: CheckpointKeeper
}): Sequencer => {
  const { database, clock, log, keeper } = given
  const listeners: ((size: number) => void)[] = []
  let seen = 0
  let signedAtMs = Number.NEGATIVE_INFINITY
  let signedSize = -1
  let isPoked = false
  let running: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let later: NodeJS.Timeout | undefined
  let stopListening: (() => Promise<void>) | undefined

  /** Numbers one batch. Undefined when another replica is at it. */
  const step = (): Promise<{ size: number; numbered: number; root: Uint8Array } | undefined> =>
    database.write(async (tx: Transaction<LedgerTables>) => {
      if (!(await holdsLock(database, tx))) return undefined
      const range = await readRange(tx)
      if (range.size < seen) throw new LedgerRolledBack(`the log had ${seen} entries and now has ${range.size}`)
      const rows = await unnumbered(tx)
      if (rows.length === 0) return { size: range.size, numbered: 0, root: rootOf(range) }
      const { next, nodes } = growTree(range, rows)
      await setNumbers(database, tx, rows, range.size)
      await storeNodes(tx, nodes)
      await storeRange(tx, next, clock.now())
      await database.notify(tx, CHANNEL)
      return { size: next.size, numbered: rows.length, root: rootOf(next) }
    })

  const work = async (mustSign: boolean): Promise<void> => {
    for (;;) {
      isPoked = false
      const done = await step()
      if (done === undefined) return
      if (done.size > seen) {
        seen = done.size
        for (const listener of listeners) listener(seen)
      }
      if (done.numbered < BATCH_MAX && !isPoked) {
        await maybeSign({ size: done.size, root: done.root }, mustSign)
        return
      }
    }
  }

  const maybeSign = async (head: TreeHead, must: boolean): Promise<void> => {
    if (head.size === signedSize || head.size === 0) return
    const nowMs = clock.monotonicMs()
    if (!must && nowMs - signedAtMs < CHECKPOINT_EVERY_MS) {
      later ??= setTimeout(() => {
        later = undefined
        void run(true).catch(trouble)
      }, CHECKPOINT_EVERY_MS).unref()
      return
    }
    const note = keeper.sign(head)
    await database.write(async (tx: Transaction<LedgerTables>) => {
      await tx
        .insertInto('ledger_checkpoint')
        .values({ size: head.size, note, at: clock.now().getTime() })
        .onConflict((conflict) => conflict.column('size').doNothing())
        .execute()
    })
    await keeper.keep(note)
    signedAtMs = nowMs
    signedSize = head.size
  }

  const run = (mustSign: boolean): Promise<void> => {
    running = running.catch(() => undefined).then(() => work(mustSign))
    return running
  }
  const trouble = (error: unknown): void => log.error({ err: error }, 'the ledger could not be numbered, trying again')

  return {
    poke: () => {
      if (isPoked) return
      isPoked = true
      setImmediate(() => void run(false).catch(trouble))
    },
    flush: async () => {
      await run(true)
      return seen
    },
    onAdvance: (listener) => listeners.push(listener),
    start: async () => {
      await run(true)
      stopListening = await database.listen(CHANNEL, () => {
        if (!isPoked) void run(false).catch(trouble)
      })
      if (database.engine === 'postgres') timer = setInterval(() => void run(false).catch(trouble), POLL_MS).unref()
    },
    stop: async () => {
      clearInterval(timer)
      clearTimeout(later)
      await stopListening?.()
      await run(true).catch(trouble)
    },
  }
}

const holdsLock = async (database: Database, tx: Transaction<LedgerTables>): Promise<boolean> => {
  if (database.engine === 'sqlite') return true
  const answer = await sql<{ held: boolean }>`select pg_try_advisory_xact_lock(${ADVISORY_LOCK}) as held`.execute(tx)
  return answer.rows[0]?.held === true
}

interface Unnumbered {
  readonly position: number
  readonly body: string
}

// Served by the partial index ledger_entry_unnumbered. The order among what is committed is free to choose.
const unnumbered = (tx: Transaction<LedgerTables>): Promise<Unnumbered[]> =>
  tx
    .selectFrom('ledger_entry')
    .select(['position', 'body'])
    .where('seq', 'is', null)
    .orderBy('position')
    .limit(BATCH_MAX)
    .execute()

/** The bytes that the tree holds for an entry: canonical, because `event` sorts before `seq` and `body` is canonical. */
export const leafText = (body: string, seq: number): string => `{"event":${body},"seq":${seq}}`

const growTree = (range: CompactRange, rows: readonly Unnumbered[]): { next: CompactRange; nodes: TreeNode[] } => {
  let next = range
  const nodes: TreeNode[] = []
  for (const row of rows) {
    const grown = appendLeaf(next, leafHash(Buffer.from(leafText(row.body, next.size))))
    next = grown.range
    nodes.push(...grown.nodes)
  }
  return { next, nodes }
}

/** One statement for the batch; the positions ascend, so the numbers do as well. */
const setNumbers = async (
  database: Database,
  tx: Transaction<LedgerTables>,
  rows: readonly Unnumbered[],
  first: number,
): Promise<void> => {
  const pairs = JSON.stringify(rows.map((row, index) => [row.position, first + index]))
  if (database.engine === 'sqlite') {
    await sql`update ledger_entry set seq = pair.seq
      from (select json_extract(value, '$[0]') as position, json_extract(value, '$[1]') as seq from json_each(${pairs})) pair
      where ledger_entry.position = pair.position`.execute(tx)
  } else {
    await sql`update ledger_entry set seq = pair.seq
      from (select (value->>0)::bigint as position, (value->>1)::bigint as seq from jsonb_array_elements(${pairs}::jsonb)) pair
      where ledger_entry.position = pair.position`.execute(tx)
  }
}

const NODES_A_STATEMENT = 500

const storeNodes = async (tx: Transaction<LedgerTables>, nodes: readonly TreeNode[]): Promise<void> => {
  for (let start = 0; start < nodes.length; start += NODES_A_STATEMENT) {
    const part = nodes.slice(start, start + NODES_A_STATEMENT)
    await tx
      .insertInto('ledger_node')
      .values(part.map(({ level, index, hash }) => ({ level, idx: index, hash: Buffer.from(hash).toString('base64') })))
      .execute()
  }
}

/** Reads the tree's edge; the empty one in a new log. */
export const readRange = async (tx: Transaction<LedgerTables>): Promise<CompactRange> => {
  const row = await tx.selectFrom('ledger_state').select(['size', 'range']).where('id', '=', 1).executeTakeFirst()
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
  const row = {
    size: range.size,
    range: range.hashes.map((hash) => Buffer.from(hash).toString('base64')).join(' '),
    root: Buffer.from(rootOf(range)).toString('base64'),
    at: now.getTime(),
  }
  await tx
    .insertInto('ledger_state')
    .values({ id: 1, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute()
}
