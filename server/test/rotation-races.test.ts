import assert from 'node:assert/strict'
import { rounds } from '../../test/rounds.ts'
import { createChanges } from '../src/kit/changes.ts'
import { createHot } from '../src/kit/hot.ts'
import { createLog } from '../src/kit/log.ts'
import { addSecret, onEveryBroker, openBroker, postSecret, setUpOrders, type TestBroker } from './broker.ts'
import { catchUpUses, runJob } from './broker-jobs.ts'
import { rotate, show } from './rotations.ts'

// Two replicas of one database do what ends, begins or stops a rotation at the same moment.

// Two credentials a round, of the hundred that a replica holds of one identity.
const ROUNDS = rounds({ quick: 4, full: 40 })
const DAY = 86_400_000
const log = createLog('silent')
const REASON = 'race'

const onTwoReplicas = (name: string, body: (one: TestBroker, other: TestBroker) => Promise<void>): void =>
  onEveryBroker(name, async (test) => {
    const { subjects, decisions, findings, exceptions, room } = test
    const { database, clock, random } = room
    const changes = createChanges(database, clock, log)
    const hot = createHot({ database, changes, clock, random, log, committed: () => undefined })
    const fakes = { subjects, decisions, findings, exceptions }
    const other = await openBroker({ ...room, changes, hot }, fakes, { issuer: test.url })
    try {
      setUpOrders(test)
      // Each round takes eight days.
      subjects.put('nhi_sync', { expiresAt: new Date('2040-01-01T00:00:00Z') })
      await body(test, other)
    } finally {
      await hot.drain()
      await other.http.close()
    }
  })

type Settled = PromiseSettledResult<unknown>
const isDone = ({ status }: Settled): boolean => status === 'fulfilled'
const codeOf = (settled: Settled): unknown => (settled.status === 'rejected' ? settled.reason.code : 'done')

onTwoReplicas('a credential that is revoked while it is rotated is in no rotation that runs', async (one, other) => {
  for (let round = 0; round < ROUNDS; round++) {
    const { id } = await addSecret(one)
    const [rotated, revoked] = await Promise.allSettled([
      rotate(one, id),
      other.call('broker.credential.revoke', { credential: id, reason: REASON }),
    ])
    assert.ok(isDone(revoked), String(codeOf(revoked)))
    const { credential } = await show(one, id)
    assert.equal(credential.state, 'revoked')
    if (isDone(rotated))
      assert.deepEqual([credential.rotation.state, credential.rotation.endedBecause], ['ended', 'old-revoked'])
    else assert.deepEqual([codeOf(rotated), credential.rotation], ['credential_wrong_state', null])
  }
})

onTwoReplicas(
  'a credential that is quarantined while it is rotated is quarantined, and proves nobody',
  async (one, other) => {
    for (let round = 0; round < ROUNDS; round++) {
      const { id, secret } = await addSecret(one)
      const [rotated, stopped] = await Promise.allSettled([
        rotate(one, id),
        other.call('broker.credential.quarantine', { credential: id, reason: REASON }),
      ])
      assert.ok(isDone(stopped), String(codeOf(stopped)))
      assert.ok(['done', 'credential_wrong_state'].includes(String(codeOf(rotated))), String(codeOf(rotated)))
      assert.equal((await show(one, id)).credential.state, 'quarantined')
      assert.equal((await postSecret(one, secret)).body.code, 'credential_stopped')
    }
  },
)

onTwoReplicas(
  'of a rotation that is taken back at its deadline, one of the two credentials works',
  async (one, other) => {
    for (let round = 0; round < ROUNDS; round++) {
      const old = await addSecret(one)
      const made = await rotate(one, old.id)
      one.room.clock.advance(8 * DAY)
      const [back, retired] = await Promise.allSettled([
        one.call('broker.credential.rollback', { credential: old.id, reason: REASON }),
        runJob(other, 'broker.rotation.advance'),
      ])
      const works = await Promise.all(
        [old.secret, made.secret].map(async (secret) => (await postSecret(one, secret)).status),
      )
      assert.deepEqual(works, isDone(back) ? [200, 401] : [401, 200])
      if (!isDone(back)) assert.equal(codeOf(back), 'rotation_not_running')
      assert.ok(['done', 'rotation_not_running'].includes(String(codeOf(retired))), String(codeOf(retired)))
      const states = await Promise.all(
        [old.id, made.credential.id].map(async (id) => (await show(one, id)).credential.state),
      )
      assert.deepEqual(states, isDone(back) ? ['active', 'revoked'] : ['retired', 'active'])
    }
  },
)

onTwoReplicas(
  'a quarantine at the deadline leaves the credential quarantined or retired, and stopped',
  async (one, other) => {
    for (let round = 0; round < ROUNDS; round++) {
      const old = await addSecret(one)
      await rotate(one, old.id)
      one.room.clock.advance(8 * DAY)
      const [stopped, retired] = await Promise.allSettled([
        one.call('broker.credential.quarantine', { credential: old.id, reason: REASON }),
        runJob(other, 'broker.rotation.advance'),
      ])
      assert.ok(isDone(retired), String(codeOf(retired)))
      const { credential } = await show(one, old.id)
      assert.equal(credential.state, isDone(stopped) ? 'quarantined' : 'retired')
      assert.equal((await postSecret(one, old.secret)).body.code, 'credential_stopped')
    }
  },
)

onTwoReplicas('two replicas that look at the same rotation retire it once', async (one, other) => {
  const ids: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const { id } = await addSecret(one)
    await rotate(one, id)
    ids.push(id)
  }
  one.room.clock.advance(8 * DAY)
  await Promise.allSettled([one, other].map((replica) => runJob(replica, 'broker.rotation.advance')))
  await runJob(one, 'broker.rotation.advance')
  for (const id of ids) assert.equal((await show(one, id)).credential.state, 'retired')
  const events = await one.room.events()
  const retirements = events.filter(({ kind, change }) => kind === 'broker.rotation.advance' && change.length > 0)
  assert.equal(retirements.length, ROUNDS)
})

onTwoReplicas(
  'while its owner is stopped neither credential of a rotation gets a token; both do after',
  async (one, other) => {
    const old = await addSecret(one)
    const { stops } = one.broker
    const { room } = one
    const now = room.clock.now()
    const owner = { scope: 'owner', id: 'team_orders', reason: REASON, by: null, now } as const
    await room.database.write(async (tx) => {
      const placed = await stops.stop(tx, { ...owner, verb: 'quarantine', until: null })
      await room.changes.signal(tx, placed.signals)
    })
    const made = await rotate(one, old.id)
    const codes = async () =>
      Promise.all([old.secret, made.secret].map(async (secret) => (await postSecret(other, secret)).body.code))
    assert.deepEqual(await codes(), ['identity_stopped', 'identity_stopped'])
    await room.database.write(async (tx) => {
      const lifted = await stops.lift(tx, 'owner', 'team_orders', now)
      await room.changes.signal(tx, lifted?.signals ?? [])
    })
    assert.deepEqual(await codes(), [undefined, undefined])
  },
)

onTwoReplicas('an identity that retires ends its rotations with its credentials', async (one) => {
  const old = await addSecret(one)
  const made = await rotate(one, old.id)
  await one.room.database.write(async (tx) => {
    await one.room.changes.signal(tx, await one.broker.endCredentials(tx, 'nhi_sync', 'retired', one.room.clock.now()))
  })
  for (const id of [old.id, made.credential.id]) {
    const { credential } = await show(one, id)
    assert.deepEqual([credential.state, credential.rotation.state], ['revoked', 'ended'])
  }
  one.room.clock.advance(8 * DAY)
  await catchUpUses(one)
  await runJob(one, 'broker.rotation.advance')
  assert.match((await show(one, old.id)).credential.rotation.endedBecause, /^(?:old|new)-revoked$/)
})
