import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import type { AnyTx } from '../../src/kit/database.ts'
import { createLog } from '../../src/kit/log.ts'
import { LedgerRolledBack } from '../../src/ledger/rolled-back.ts'
import { createSequencer } from '../../src/ledger/sequencer.ts'
import { onEveryEngine, type Room } from '../room.ts'
import { openLog, someEvent, type TestLog } from './log.ts'

const TABLES = ['ledger_unnumbered', 'ledger_entry', 'ledger_node', 'ledger_state', 'ledger_checkpoint'] as const

/** What a backup of the log's tables holds. */
const backUp = async (room: Room) => {
  const { reader } = room.database
  return Promise.all(
    TABLES.map(async (table) => ({ table, rows: await reader.selectFrom(table).selectAll().execute() })),
  )
}

const restore = (room: Room, backup: Awaited<ReturnType<typeof backUp>>): Promise<void> =>
  room.database.write(async (tx: AnyTx) => {
    for (const { table, rows } of backup) {
      await tx.deleteFrom(table).execute()
      for (const { position: _, ...row } of rows) await tx.insertInto(table).values(row).execute()
    }
  })

const grow = async (log: TestLog, ...actors: readonly string[]): Promise<void> => {
  await log.append(actors.map((actor) => someEvent(actor)))
  await log.sequencer.flush()
}

onEveryEngine('a database that was set back behind the kept checkpoint is refused at the start', async (room) => {
  const log = await openLog(room)
  await grow(log, 'per_1', 'per_2')
  const older = await backUp(room)
  await grow(log, 'per_3')
  await log.reopen()
  await restore(room, older)
  await assert.rejects(log.reopen(), LedgerRolledBack)
  await rm(log.checkpointFile)
  await log.close()
})

onEveryEngine('a database that was set back and grew on from there is refused at the start', async (room) => {
  const log = await openLog(room)
  await grow(log, 'per_1')
  const older = await backUp(room)
  await grow(log, 'per_2')
  const kept = await readFile(log.checkpointFile, 'utf8')
  await restore(room, older)
  await rm(log.checkpointFile)
  const other = await reopened(room, log)
  await log.append([someEvent('per_other'), someEvent('per_other')])
  await other.flush()
  await other.stop()
  await writeFile(log.checkpointFile, kept)
  await assert.rejects(log.reopen(), LedgerRolledBack)
  await log.sequencer.stop().catch(() => undefined)
})

onEveryEngine('a running process notices that its database was set back', async (room) => {
  const log = await openLog(room)
  await grow(log, 'per_1', 'per_2')
  const older = await backUp(room)
  await grow(log, 'per_3')
  await restore(room, older)
  assert.equal(log.sequencer.rolledBack(), undefined)
  await assert.rejects(log.sequencer.flush(), LedgerRolledBack)
  assert.match(log.sequencer.rolledBack() ?? '', /entries/)
  await log.sequencer.stop()
})

onEveryEngine(
  'a running process notices that its database was set back and grew on under another writer',
  async (room) => {
    const log = await openLog(room)
    await grow(log, 'per_1')
    const older = await backUp(room)
    await grow(log, 'per_2')
    await restore(room, older)
    await rm(log.checkpointFile)
    const other = await reopened(room, log)
    await log.append([someEvent('per_other'), someEvent('per_other')])
    assert.equal(await other.flush(), 3)
    await assert.rejects(log.sequencer.flush(), LedgerRolledBack)
    await other.stop()
    await log.sequencer.stop()
  },
)

onEveryEngine(
  'of two writers whose copies of the log grew apart, the one that signs second is stopped',
  async (room) => {
    const log = await openLog(room)
    await grow(log, 'per_1')
    const common = await backUp(room)
    await grow(log, 'per_2')
    const before = await readFile(log.checkpointFile, 'utf8')
    // The second writer has a copy from before, and the same place for its checkpoint.
    await restore(room, common)
    await rm(log.checkpointFile)
    const other = await reopened(room, log)
    await writeFile(log.checkpointFile, before)
    await log.append([someEvent('per_fork')])
    await assert.rejects(other.flush(), LedgerRolledBack)
    assert.equal(await readFile(log.checkpointFile, 'utf8'), before)
    await other.stop()
    await log.sequencer.stop()
  },
)

onEveryEngine('a checkpoint file that was changed or is of another log is refused, not overlooked', async (room) => {
  const log = await openLog(room)
  await grow(log, 'per_1')
  const kept = await readFile(log.checkpointFile, 'utf8')
  for (const wrong of ['', 'nonsense', kept.replace('\n1\n', '\n2\n'), kept.slice(0, -2)]) {
    await writeFile(log.checkpointFile, wrong)
    await assert.rejects(log.reopen(), LedgerRolledBack)
  }
  await writeFile(log.checkpointFile, kept)
  await log.reopen()
  await log.close()
})

onEveryEngine('two replicas that share the place of the checkpoint do not stop each other', async (room) => {
  const log = await openLog(room)
  const other = await reopened(room, log)
  for (let turn = 0; turn < 5; turn++) {
    await grow(log, `per_${turn}`)
    await log.append([someEvent('per_other')])
    await other.flush()
  }
  assert.equal((await log.verify()).size, 10)
  await other.stop()
  await log.close()
})

const reopened = async (room: Room, log: TestLog) => {
  const { database, clock } = room
  return createSequencer({ database, clock, log: createLog('silent'), keeper: await log.reopen() })
}
