import assert from 'node:assert/strict'
import { createConnectorRuns } from '../../src/inventory/index.ts'
import type { ConnectorRunPorts, SeenLive } from '../../src/inventory/room.ts'
import { createLog } from '../../src/kit/log.ts'
import { OWN_ACTOR } from '../../src/ledger/own-act.ts'
import { admin, openLive } from '../live.ts'
import { onEveryEngine, type Room } from '../room.ts'

// How connectors are kept and run, whatever their vendor: what they see is said by the test.

const SETTINGS = { host: 'db.example', user: 'reeve' }
const SECRET = 'correct-horse-battery-staple'
const NEW = { name: 'orders-db', vendor: 'postgresql', settings: SETTINGS, secret: SECRET }

const sighting = (name: string) => ({
  ...{ source: 'databases', kind: 'account' as const, name, stableKey: `postgresql:db.example:5432#${name}` },
  ...{ repository: '', alsoAt: [], reaches: [], evidence: [], environment: null, ownerHint: null, traits: [] },
  where: { path: 'postgresql/db.example:5432.json', line: 1, repository: '', inRepository: '' },
})

const finding = (name: string) => ({
  ...{ rule: 'account/superuser', severity: 'high' as const, confidence: 'high' as const, owasp: 'NHI5' as const },
  ...{ title: 'a superuser', why: 'it may do everything', fix: 'take it away', evidence: [] },
  ...{ fingerprint: `superuser-${name}`, sighting: `postgresql:db.example:5432#${name}` },
  where: { path: 'postgresql/db.example:5432.json', line: 1, repository: '', inRepository: '' },
})

const seen = (names: readonly string[], gaps: SeenLive['gaps'] = []): SeenLive => ({
  report: { sightings: names.map(sighting), findings: names.map(finding), saltId: 'a'.repeat(16) },
  ...{ gaps, notes: [], targets: [], isNothing: names.length === 0 },
})

/** Rooms with one connector, and runs of this replica whose vendor answers what `see` says. */
const openRuns = async (room: Room, see: ConnectorRunPorts['see'], over: { replica?: string } = {}) => {
  const live = await openLive(room)
  const find = (name: string) => {
    const operation = live.rooms.operations.find((each) => each.name === name)
    if (operation === undefined) throw new Error(name)
    return operation
  }
  const automation = { ...admin, actor: OWN_ACTOR, roles: [] }
  const runs = createConnectorRuns({
    database: room.database,
    log: createLog('silent'),
    replica: over.replica ?? 'one',
    call: (operation, input) => live.rooms.pipeline.call(operation, input, automation),
    ports: {
      sealer: room.sealer,
      see,
      write: async () => undefined,
      fits: () => true,
      placedSecret: ({ kind, name }) => (name === 'REEVE_CONNECTOR_ORDERS' ? `${kind} secret` : undefined),
    },
    operations: {
      importSightings: find('inventory.sighting.import'),
      importFindings: find('observe.finding.import'),
      finish: find('inventory.connector.finish'),
      tag: find('inventory.connector.tag'),
    },
  })
  const turn = async () => {
    await runs.begin(room.clock.now())
    await runs.settled()
    return live.call('inventory.connector.show', { connector: 'orders-db' })
  }
  return { ...live, runs, turn }
}

const again = async (room: Room, live: Awaited<ReturnType<typeof openRuns>>) => {
  room.clock.advance(60_000)
  await live.call('inventory.connector.run', { connector: 'orders-db' })
  return (await live.turn()).lastRun
}

onEveryEngine(
  'the secret of a connector is sealed, is handed to its vendor alone, and is in no answer and no event',
  async (room) => {
    const given: string[] = []
    const live = await openRuns(room, async ({ secret }) => {
      given.push(secret)
      return seen(['app'])
    })
    const added = await live.call('inventory.connector.add', NEW)
    const shown = await live.turn()
    assert.deepEqual(given, [SECRET])
    assert.equal(shown.secretFrom, 'sealed')
    const row = await room.database.reader.selectFrom('inventory_connector').selectAll().executeTakeFirstOrThrow()
    assert.match(row.sealed, /^v1\./)
    const told = JSON.stringify([
      added,
      shown,
      row,
      await room.events(),
      await live.call('inventory.connector.list', {}),
    ])
    assert.ok(!told.includes(SECRET))

    await live.call('inventory.connector.change', { connector: 'orders-db', secretVariable: 'REEVE_CONNECTOR_ORDERS' })
    await live.turn()
    assert.deepEqual(given, [SECRET, 'variable secret'])
    const after = await room.database.reader
      .selectFrom('inventory_connector')
      .select('sealed')
      .executeTakeFirstOrThrow()
    assert.equal(after.sealed, '', 'what is no longer used is not kept')
  },
)

onEveryEngine(
  'a connector whose settings change is given its secret again, so that nobody has it sent elsewhere',
  async (room) => {
    const live = await openRuns(room, async () => seen([]))
    await live.call('inventory.connector.add', NEW)
    const elsewhere = { connector: 'orders-db', settings: { ...SETTINGS, host: 'evil.example' } }
    await assert.rejects(() => live.call('inventory.connector.change', elsewhere), { code: 'connector_wrong' })
    await live.call('inventory.connector.change', { ...elsewhere, secret: 'another' })
    await live.call('inventory.connector.change', { connector: 'orders-db', everyHours: 12 })
  },
)

onEveryEngine('what its vendor cannot be asked with is refused with what is wrong', async (room) => {
  const live = await openRuns(room, async () => seen([]))
  const wrong: readonly [object, RegExp][] = [
    [{ settings: { host: 'db.example' } }, /settings\.user/],
    [{ settings: { ...SETTINGS, colour: 'red' } }, /settings/],
    [{ without: ['tables'] }, /no part tables: roles, memberships/],
    [{ without: ['roles', 'memberships'] }, /nothing is left/],
    [{ secret: undefined }, /takes a secret/],
    [{ secretFile: 'orders' }, /in one place/],
    [{ mode: 'enforce' }, /only read/],
  ]
  for (const [over, why] of wrong)
    await assert.rejects(() => live.call('inventory.connector.add', { ...NEW, ...over }), {
      code: 'connector_wrong',
      message: why,
    })
  await live.call('inventory.connector.add', NEW)
  await assert.rejects(() => live.call('inventory.connector.add', NEW), { code: 'name_taken' })
})

onEveryEngine('only a run that read everything says what is gone; a part that lacks closes nothing', async (room) => {
  const answers = [
    seen(['app', 'batch']),
    seen(['app'], [{ part: 'memberships', why: 'it may not be read (403)' }]),
    seen([], [{ part: 'roles', why: 'no connection' }]),
    seen(['app']),
    seen([]),
  ]
  const live = await openRuns(room, async () => answers.shift() ?? seen([]))
  await live.call('inventory.connector.add', NEW)
  const brief = (run: Record<string, unknown>) => [run.outcome, run.sightings, run.gone, run.closed]
  assert.deepEqual(brief((await live.turn()).lastRun), ['complete', 2, 0, 0])
  const partial = await again(room, live)
  assert.deepEqual(brief(partial), ['partial', 1, 0, 0])
  assert.deepEqual(partial.gaps, [{ part: 'memberships', why: 'it may not be read (403)' }])
  assert.deepEqual(brief(await again(room, live)), ['failed', 0, 0, 0])
  assert.deepEqual(brief(await again(room, live)), ['complete', 1, 1, 1])
  assert.deepEqual(brief(await again(room, live)), ['complete', 0, 1, 1], 'an empty system is one as well')
  const kinds = (await room.events())
    .filter(({ actor }) => actor.principalType === 'automation')
    .map(({ kind }) => kind)
  assert.equal(kinds.filter((kind) => kind === 'inventory.connector.finish').length, 5, 'each run is an event')
})

onEveryEngine('a run that breaks is kept as failed and is not begun again at once', async (room) => {
  let asked = 0
  const live = await openRuns(room, async () => {
    asked += 1
    throw new Error('the parser is gone')
  })
  await live.call('inventory.connector.add', { ...NEW, everyHours: 6 })
  const shown = await live.turn()
  assert.equal(shown.lastRun.outcome, 'failed')
  assert.equal(Date.parse(shown.dueAt) - room.clock.now().getTime(), 15 * 60_000)
  await live.turn()
  assert.equal(asked, 1)
  room.clock.advance(15 * 60_000)
  await live.turn()
  assert.equal(asked, 2)
})

onEveryEngine('a variable or file that is not there is told, and the vendor is not asked', async (room) => {
  let asked = 0
  const live = await openRuns(room, async () => {
    asked += 1
    return seen([])
  })
  const { secret: _, ...plain } = NEW
  await live.call('inventory.connector.add', { ...plain, secretVariable: 'REEVE_CONNECTOR_OTHER' })
  const { lastRun } = await live.turn()
  assert.equal(lastRun.outcome, 'failed')
  assert.deepEqual(lastRun.gaps, [{ part: 'all', why: 'the variable that holds its secret is not there, or is empty' }])
  assert.equal(asked, 0)
})

onEveryEngine(
  'of two replicas one runs a connector, and a run that is given up when its server stops is begun by the other',
  async (room) => {
    let asked = 0
    // It does not even hear that nobody waits any more.
    const hanging: ConnectorRunPorts['see'] = () => {
      asked += 1
      return new Promise(() => undefined)
    }
    const one = await openRuns(room, hanging)
    const two = await openRuns(room, async () => seen(['app']), { replica: 'two' })
    await one.call('inventory.connector.add', NEW)
    await one.runs.begin(room.clock.now())
    assert.equal((await two.turn()).lastRun, null, 'the other has it')
    assert.equal(asked, 1)
    await one.runs.stop()
    assert.equal((await two.turn()).lastRun.outcome, 'complete')
  },
)

onEveryEngine('what was removed is asked no more', async (room) => {
  let asked = 0
  const live = await openRuns(room, async () => {
    asked += 1
    return seen(['app'])
  })
  await live.call('inventory.connector.add', NEW)
  await live.call('inventory.connector.remove', { connector: 'orders-db' })
  await live.runs.begin(room.clock.now())
  await live.runs.settled()
  assert.equal(asked, 0)
  await assert.rejects(() => live.call('inventory.connector.show', { connector: 'orders-db' }), { code: 'not_found' })
})
