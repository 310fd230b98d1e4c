import assert from 'node:assert/strict'
import type { AnyTx } from '../../src/kit/database.ts'
import { actsOf } from '../../src/ledger/acts-of.ts'
import { decidedOf, findDecision } from '../../src/ledger/find-decision.ts'
import { countDecisions, recordedDecisions } from '../../src/ledger/recorded-decisions.ts'
import { onEveryEngine } from '../room.ts'
import { openLog, someEvent } from './log.ts'

const FROM = new Date(0)

onEveryEngine('an entry that moves to the log while it is looked for is found, and counts once', async (room) => {
  const log = await openLog(room)
  const { database } = room
  const { reader } = database
  const decision = {
    ...{ id: 'dec_1', outcome: 'allow' as const, enforced: true, policies: [], revision: 'r' },
    ...{ missing: [], request: 'digest' },
  }
  await database.write((tx: AnyTx) =>
    tx.insertInto('ledger_kept').values({ digest: 'digest', body: 'asked', at: 0 }).execute(),
  )
  await log.append([{ ...someEvent('per_1'), decision }])
  const told = async () => {
    const acts: unknown[] = []
    const { kind } = someEvent('per_1')
    const to = new Date(room.clock.now().getTime() + 1)
    for await (const page of actsOf(reader, { actorId: 'per_1', kinds: [kind], from: FROM, to }, 10)) acts.push(...page)
    const { events } = await recordedDecisions(reader, { from: FROM, after: -1, limit: 10 })
    return {
      found: (await findDecision(reader, 'dec_1'))?.event.id !== undefined,
      acts: acts.length,
      decided: (await decidedOf(reader, 'per_1', 'done', 10)).length,
      recorded: events.length,
    }
  }
  const once = { found: true, acts: 1, decided: 1, recorded: 1 }
  assert.deepEqual(await told(), once, 'while it waits')
  assert.equal(await countDecisions(reader, FROM), 1)
  const [row] = await reader.selectFrom('ledger_unnumbered').selectAll().execute()
  assert.ok(row)
  await log.sequencer.flush()
  assert.deepEqual(await told(), once, 'when it has its number')
  // Seen in both places by one who looks while it moves.
  const { position: _, ...moving } = row
  await database.write((tx: AnyTx) => tx.insertInto('ledger_unnumbered').values(moving).execute())
  assert.deepEqual(await told(), once, 'while it moves')
  await database.write((tx: AnyTx) => tx.deleteFrom('ledger_unnumbered').execute())
  await log.close()
})
