import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type VerifyResult, verifyExport } from '@reeve/sdk/ledger'
import type { AnyDb, AnyTx } from '../../src/kit/database.ts'
import { createLog } from '../../src/kit/log.ts'
import { appendEvents } from '../../src/ledger/append.ts'
import { latestCheckpoint } from '../../src/ledger/checkpoints.ts'
import type { EventDraft } from '../../src/ledger/event.ts'
import { exportLog } from '../../src/ledger/export-log.ts'
import { type LedgerKeeper, openKeeper } from '../../src/ledger/keeper.ts'
import { createSequencer, type Sequencer } from '../../src/ledger/sequencer.ts'
import type { Room } from '../room.ts'

/** The log of a room, with its real keeper and sequencer, and a checkpoint file outside the database. */
export interface TestLog {
  readonly keeper: LedgerKeeper
  readonly sequencer: Sequencer
  readonly checkpointFile: string
  append(drafts: readonly EventDraft[]): Promise<void>
  /** The lines of an export of all that is signed. */
  export(db?: AnyDb): Promise<readonly string[]>
  verify(lines?: readonly string[]): Promise<VerifyResult>
  /** Opens another keeper on this database, as a restart does. */
  reopen(): Promise<LedgerKeeper>
  close(): Promise<void>
}

/** Opens the room's log. */
export const openLog = async (room: Room): Promise<TestLog> => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-log-'))
  const checkpointFile = join(folder, 'checkpoint')
  const { database, sealer, random, clock } = room
  const reopen = () =>
    database.write((tx: AnyTx) => openKeeper({ db: tx, sealer, random, checkpointFile, now: clock.now() }))
  const keeper = await reopen()
  const sequencer = createSequencer({ database, clock, log: createLog('silent'), keeper })
  const lines = async (db: AnyDb = database.reader) => {
    const toSize = (await latestCheckpoint(db))?.size ?? 0
    const origin = keeper.vkey.split('+')[0] ?? ''
    return Array.fromAsync(exportLog(db, { origin, exportedAt: clock.now(), fromSeq: 0, toSize }))
  }
  return {
    keeper,
    sequencer,
    checkpointFile,
    append: async (drafts) => {
      await database.write((tx: AnyTx) => appendEvents(tx, drafts, { random, now: clock.now() }))
    },
    export: lines,
    verify: async (given) => verifyExport(given ?? (await lines()), { vkey: keeper.vkey }),
    reopen,
    close: async () => {
      await sequencer.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** An event by this actor, with these texts in it. */
export const someEvent = (actor: string, text = 'a text'): EventDraft => ({
  kind: 'inventory.identity.change',
  outcome: 'done',
  code: null,
  actor: { principalType: 'human', id: actor, name: text },
  instance: null,
  credential: null,
  token: null,
  workflow: null,
  on: { type: 'Identity', id: 'nhi_1', name: text, environment: 'test', team: 'team_1' },
  change: [{ field: 'purpose', before: null, after: text }],
  decision: null,
  approval: null,
  evidence: { text },
  tags: { application: text },
  source: { ip: '127.0.0.1', region: null, userAgent: text },
  correlation: { requestId: 'req_1', traceparent: null, cause: null },
})
