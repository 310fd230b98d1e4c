import assert from 'node:assert/strict'
import fc from 'fast-check'
import { sql } from 'kysely'
import { createLog } from '../../src/kit/log.ts'
import type { NumberedEvent } from '../../src/ledger/event.ts'
import { followedUntil, followLedger } from '../../src/ledger/follow.ts'
import { createRecent } from '../../src/ledger/recent.ts'
import { createSequencer } from '../../src/ledger/sequencer.ts'
import { draft } from '../event-draft.ts'
import { onEveryEngine, type Room } from '../room.ts'
import { openLog, type TestLog } from './log.ts'

const RUNS = 30

/** What happens to a log that two replicas number, and that is followed on one or the other. */
const Step = fc.oneof(
  fc.record({
    does: fc.constant('append'),
    kinds: fc.array(fc.constantFrom('alone', 'often-a', 'often-b'), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({ does: fc.constantFrom('number', 'follow', 'fail'), replica: fc.constantFrom(0, 1) }),
)

const alike = ({ kind }: { readonly kind: string }): string | undefined => (kind === 'alone' ? undefined : kind)

/** Two replicas, each of which remembers what it numbered. */
const replicasOf = (room: Room, log: TestLog, name: string) => {
  const { database, clock } = room
  const taken: NumberedEvent[] = []
  const make = () => {
    const recent = createRecent(alike)
    const sequencer = createSequencer({ database, clock, log: createLog('silent'), keeper: log.keeper })
    sequencer.onNumbered(recent.numbered)
    const follow = (isFailing: boolean) => {
      const batch: NumberedEvent[] = []
      const take = async (_tx: unknown, events: readonly NumberedEvent[]) => {
        if (isFailing) throw new Error('on purpose')
        batch.push(...events)
      }
      return followLedger(database, clock, { name, take, recent }).then(() => void taken.push(...batch))
    }
    return { sequencer, follow }
  }
  return { taken, replicas: [make(), make()] as const }
}

onEveryEngine(
  'whoever numbers and whoever follows, each event that is alone in what it says is taken once, and of those that say the same the newest',
  async (room) => {
    const log = await openLog(room)
    const { database, clock } = room
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(Step, { minLength: 30, maxLength: 40 }), async (steps) => {
        const { taken, replicas } = replicasOf(room, log, `follower ${run++}`)
        for (const step of steps) {
          if ('kinds' in step) {
            clock.advance(1)
            await log.append(step.kinds.map((kind) => draft(kind)))
          } else if (step.does === 'number') await replicas[step.replica].sequencer.flush()
          else await replicas[step.replica].follow(step.does === 'fail').catch(() => undefined)
        }
        await replicas[0].sequencer.flush()
        await replicas[0].follow(false)
        const all = await database.reader
          .selectFrom('ledger_entry')
          .select(['seq', 'kind', 'at'])
          .orderBy('seq')
          .execute()
        assert.deepEqual(
          taken
            .filter(({ kind }) => kind === 'alone')
            .map(({ seq }) => seq)
            .sort((a, b) => a - b),
          all.filter(({ kind }) => kind === 'alone').map(({ seq }) => seq),
        )
        for (const often of ['often-a', 'often-b']) {
          const newest = Math.max(0, ...taken.filter(({ kind }) => kind === often).map(({ at }) => Date.parse(at)))
          assert.equal(newest, Math.max(0, ...all.filter(({ kind }) => kind === often).map(({ at }) => at)), often)
        }
        for (const { sequencer } of replicas) await sequencer.stop()
      }),
      { numRuns: RUNS },
    )
    await log.close()
  },
)

onEveryEngine('what was numbered here is not read back', async (room) => {
  const log = await openLog(room)
  const { database, clock } = room
  const recent = createRecent(alike)
  log.sequencer.onNumbered(recent.numbered)
  const taken: NumberedEvent[] = []
  const follow = () =>
    followLedger(database, clock, {
      name: 'follower',
      recent,
      take: async (_tx, events) => void taken.push(...events),
    })
  for (const kinds of [['alone', 'often'], ['often', 'often', 'alone'], []]) {
    await log.append(kinds.map((kind) => draft(kind)))
    await log.sequencer.flush()
    // Whoever reads them back finds nothing.
    await database.write((tx) => tx.updateTable('ledger_entry').set({ body: '{}' }).execute())
    await follow()
  }
  assert.deepEqual(
    taken.map(({ kind, seq }) => [kind, seq]),
    [
      ['alone', 0],
      ['often', 1],
      ['often', 3],
      ['alone', 4],
    ],
  )
  await log.close()
})

onEveryEngine(
  'a reader has read up to now, or to the moment of the first entry that it has not read, wherever that stands',
  async (room) => {
    const log = await openLog(room)
    const { database, clock, hot, engine } = room
    const until = async () => (await followedUntil(database.reader, 'follower', clock.now())).getTime()
    const record = {
      alone: () => log.append([draft('alone')]),
      // On PostgreSQL in a block.
      hot: () => hot.run({ judge: () => ({ drafts: [draft('hot')], value: undefined }) }),
    }
    for (const ways of [
      ['alone', 'hot'],
      ['hot', 'alone'],
      ['alone', 'alone'],
      ['hot', 'hot'],
    ] as const) {
      assert.equal(await until(), clock.now().getTime(), 'all is read')
      const first = clock.now().getTime()
      for (const way of ways) {
        await record[way]()
        clock.advance(1_000)
      }
      // Neither is found first because it was written first.
      for (const table of engine === 'postgres' ? ['ledger_unnumbered', 'ledger_block'] : [])
        await sql`with taken as (delete from ${sql.table(table)} returning *)
          insert into ${sql.table(table)} overriding system value select * from taken order by position desc`.execute(
          database.writer,
        )
      assert.equal(await until(), first, `${ways} wait`)
      await log.sequencer.flush()
      assert.equal(await until(), first, `${ways} have their numbers`)
      await record.hot()
      assert.equal(await until(), first, 'another waits')
      await log.sequencer.flush()
      await followLedger(database, clock, { name: 'follower', take: async () => undefined })
    }
    await log.close()
  },
)
