import assert from 'node:assert/strict'
import fc from 'fast-check'
import { draft } from '../../../test/event-draft.ts'
import { openLog } from '../../../test/ledger/log.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import type { AnyTx } from '../../kit/database.ts'
import type { EventDraft } from '../../ledger/event.ts'
import type { UsePorts } from '../room.ts'
import { recordLastUse } from './record-last-use.ts'

const RUNS = 60
const TABLES = ['observe_use', 'observe_people_use', 'observe_person_day', 'kit_cursor'] as const

const Evidence = fc.record(
  {
    usedCredential: fc.constantFrom('crd_key', 'crd_other'),
    why: fc.constantFrom('credential_stopped', 'expired'),
    active: fc.boolean(),
    audience: fc.constantFrom('https://a.example/', 'https://b.example/'),
    usedIp: fc.constantFrom('192.0.2.7', '192.0.2.8'),
    usedInstance: fc.constantFrom('pod-1', 'pod-2'),
    uses: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: [] },
)

const FIELDS = ['kind', 'outcome', 'code', 'actor', 'credential', 'instance', 'evidence', 'ip', 'userAgent'] as const

/** Events of few people and workloads, of the kinds that are read and of one that is not. */
const Event: fc.Arbitrary<EventDraft> = fc
  .record({
    kind: fc.constantFrom(
      ...['broker.token.issue', 'broker.token.issue', 'broker.token.issue', 'broker.token.exchange'],
      ...['broker.token.exchange', 'policy.decision.evaluate', 'broker.token.introspect'],
      ...['broker.token.revoke', 'observe.use.report', 'broker.webhook.take', 'inventory.identity.change'],
    ),
    outcome: fc.constantFrom('done', 'refused'),
    code: fc.constantFrom(null, 'credential_stopped'),
    actor: fc.constantFrom(
      { principalType: 'nhi', id: 'nhi_one', name: 'one' },
      { principalType: 'nhi', id: 'nhi_one', name: 'one' },
      { principalType: 'nhi', id: 'nhi_two', name: 'two' },
      { principalType: 'human', id: 'per_one', name: 'One' },
    ),
    credential: fc.constantFrom(null, 'crd_one', 'crd_two'),
    instance: fc.constantFrom(null, 'pod-1'),
    evidence: fc.oneof(fc.constant({}), Evidence),
    source: fc.record({
      ip: fc.constantFrom(null, '192.0.2.1', '192.0.2.2'),
      region: fc.constant(null),
      userAgent: fc.constantFrom(null, 'PostmanRuntime/7', 'Mozilla/5.0 Firefox/1', 'curl/8'),
    }),
  })
  .map(({ kind, ...over }) => draft(kind, { ...over, on: TARGET }))

const changedBy = (one: EventDraft, other: EventDraft, field: (typeof FIELDS)[number] | null): EventDraft => {
  if (field === null) return one
  if (field !== 'ip' && field !== 'userAgent') return { ...one, [field]: other[field] }
  return { ...one, source: { ...one.source, [field]: other.source[field] } }
}

/** Events of which most differ in one thing, or in nothing. */
const Events: fc.Arbitrary<readonly EventDraft[]> = fc
  .tuple(Event, Event, fc.array(fc.option(fc.constantFrom(...FIELDS), { freq: 3 }), { minLength: 20, maxLength: 60 }))
  .map(([one, other, changed]) => changed.map((field) => changedBy(one, other, field)))

const TARGET = { type: 'Identity', id: 'nhi_three', name: 'three', environment: 'test', team: null }

/** All that the job left, and told the others, of each thing the last. */
const outcomeOf = async (room: Room, told: readonly Parameters<UsePorts['markUsed']>[1][]) => {
  const latest = new Map<string, number>()
  const note = (name: unknown, at: Date): void => {
    const key = JSON.stringify(name)
    latest.set(key, Math.max(latest.get(key) ?? 0, at.getTime()))
  }
  for (const { identities, credentials, instances, consumers, attempts } of told) {
    for (const [what, items] of Object.entries({ identities, credentials, instances, consumers, attempts }))
      for (const { at, ...item } of items) note([what, item], at)
  }
  const tables = await Promise.all(
    TABLES.map(async (table) => {
      const rows = await room.database.reader.selectFrom(table).selectAll().execute()
      return rows.map((row) => JSON.stringify(row)).sort()
    }),
  )
  return { tables, latest: [...latest].sort() }
}

onEveryEngine(
  'what is recorded of uses is the same whether they were remembered or read from the log',
  async (room) => {
    const log = await openLog(room)
    const { database, clock } = room
    const told: Parameters<UsePorts['markUsed']>[1][] = []
    const markUsed: UsePorts['markUsed'] = async (_tx, used) => void told.push(used)
    const remembering = recordLastUse({ database, clock, ports: { markUsed }, log: log.sequencer })
    await fc.assert(
      fc.asyncProperty(Events, fc.integer({ min: 1, max: 3 }), async (events, parts) => {
        const before = await database.reader.selectFrom('kit_cursor').selectAll().execute()
        const clear = async (): Promise<void> => {
          told.length = 0
          await database.write(async (tx: AnyTx) => {
            for (const table of TABLES) await tx.deleteFrom(table).execute()
            if (before.length > 0) await tx.insertInto('kit_cursor').values(before).execute()
          })
        }
        await clear()
        const size = Math.ceil(events.length / parts)
        for (let at = 0; at < events.length; at += size) {
          clock.advance(40 * 60_000)
          await log.append(events.slice(at, at + size))
          await log.sequencer.flush()
        }
        await remembering.run(clock.now())
        const remembered = await outcomeOf(room, told)
        await clear()
        await recordLastUse({ database, clock, ports: { markUsed } }).run(clock.now())
        assert.deepEqual(remembered, await outcomeOf(room, told))
      }),
      { numRuns: RUNS },
    )
    await log.close()
  },
)
