import assert from 'node:assert/strict'
import { revocationTarget } from '@reeve/sdk'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { addSecret, ORDERS, onEveryBroker, postSecret, setUpOrders, type TestBroker } from '../../../test/broker.ts'
import { adminCaller } from '../../../test/room.ts'

const HOUR_MS = 3_600_000
const automation = {
  ...adminCaller,
  roles: [],
  actor: { principalType: 'automation', id: 'reeve', name: 'reeve' } as const,
}

/** Runs the job of the keys, as the clock would. */
const runJob = async (test: TestBroker) => {
  const jobs = test.broker.jobs((operation, input) => test.room.call(operation, input, automation))
  await jobs.find(({ name }) => name === 'broker.key.advance')?.run(test.room.clock.now())
}
const statesOf = async (test: TestBroker): Promise<string[]> =>
  (await test.call('broker.key.list', {})).items.map(({ state }: { state: string }) => state)
const jwksOf = async (test: TestBroker) => (await fetch(`${test.url}/.well-known/jwks.json`)).json()

onEveryBroker(
  'T10: over three generations of keys every token verifies with a key set of an hour ago, for all its life',
  async (test) => {
    setUpOrders(test)
    const { secret } = await addSecret(test)
    test.subjects.put('nhi_sync', { expiresAt: new Date('2028-01-01T00:00:00Z') })
    const held: { token: string; endsMs: number }[] = []
    const kids = new Set<string>()
    let oldJwks = await jwksOf(test)
    // Every hour for 62 days would be slow; time is walked in hours only around each change.
    const hours = [...Array(3)].flatMap((_, month) => Array.from({ length: 8 }, (_, hour) => month * 720 + 716 + hour))
    let at = 0
    for (const hour of hours) {
      test.room.clock.advance((hour - at) * HOUR_MS)
      at = hour
      await runJob(test)
      const fresh = await postSecret(test, hour > 1400 ? (await addSecret(test)).secret : secret)
      assert.equal(fresh.status, 200)
      const nowMs = test.room.clock.now().getTime()
      held.push({ token: fresh.body.access_token, endsMs: nowMs + fresh.body.expires_in * 1000 })
      const jwks = await jwksOf(test)
      assert.ok(jwks.keys.length > 0)
      for (const { token, endsMs } of held.filter((each) => each.endsMs > nowMs))
        for (const keys of endsMs === nowMs + HOUR_MS ? [jwks, oldJwks] : [jwks]) {
          const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
            audience: ORDERS,
            currentDate: new Date(nowMs),
          })
          kids.add(String(protectedHeader.kid))
        }
      oldJwks = jwks
    }
    assert.ok(kids.size >= 3, `${kids.size} keys signed`)
    const states = await statesOf(test)
    assert.equal(states.filter((state) => state === 'active').length, 1)
    assert.ok(states.includes('retired'))
    const rows = await test.room.database.reader
      .selectFrom('broker_signing_key')
      .selectAll()
      .where('state', '=', 'retired')
      .execute()
    assert.ok(
      rows.every((row) => row.sealed === ''),
      'a retired key has lost its private part',
    )
  },
)

onEveryBroker(
  'a rotation shows the new key before it signs; an urgent one withdraws the old key at once',
  async (test) => {
    setUpOrders(test)
    const { secret } = await addSecret(test)
    const rotate = (input = {}) => test.call('broker.key.rotate', { algorithm: 'ES256', reason: 'test', ...input })
    const token = async () => (await postSecret(test, secret)).body.access_token
    const kidOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()).kid
    const first = await token()
    const { key, replaces, signsFrom } = await rotate()
    assert.equal(kidOf(first), replaces)
    assert.deepEqual(await statesOf(test).then((states) => states.toSorted()), ['active', 'published'])
    await assert.rejects(rotate(), { code: 'key_rotation_running' })
    await runJob(test)
    assert.equal(kidOf(await token()), replaces, 'the new key does not sign yet')
    test.room.clock.advance(Date.parse(signsFrom) - test.room.clock.now().getTime())
    await runJob(test)
    assert.equal(kidOf(await token()), key)
    const second = await token()
    const urgent = await rotate({ isUrgent: true })
    await test.room.changes.catchUp()
    // Verifiers are told by the feed, and whoever has not confirmed is named.
    const { entries } = await (await fetch(`${test.url}/revocations`)).json()
    assert.deepEqual(
      entries.map(({ seq, verb, target }: { seq: number; verb: string; target: string }) => [seq, verb, target]),
      [[urgent.seq, 'revoke', revocationTarget('key', key)]],
    )
    assert.ok(
      urgent.unconfirmed.some(({ name }: { name: string }) => name === 'orders_api'),
      JSON.stringify(urgent),
    )
    assert.equal(kidOf(await token()), urgent.key)
    assert.ok(!(await jwksOf(test)).keys.some(({ kid }: { kid: string }) => kid === key))
    await assert.rejects(test.call('broker.token.inspect', { token: second }), { code: 'token_not_ours' })
    await assert.rejects(rotate({ algorithm: 'EdDSA' }), { code: 'key_not_found' })
  },
)

/** What the last event of the job says besides. */
const evidenceOf = async (test: TestBroker) =>
  (await test.room.events()).findLast(({ kind }) => kind === 'broker.key.advance')?.evidence

const verifier = (instance: string) => ({
  ...adminCaller,
  roles: [],
  actor: { principalType: 'nhi', id: 'nhi_orders_api', name: 'orders-api' } as const,
  instance,
})

/** A rotation that has begun, with two verifiers that lack the new key: one says which keys it has, one says nothing of them. */
const rotating = async (test: TestBroker) => {
  setUpOrders(test)
  const word = (instance: string, keys?: readonly string[]) =>
    test.call('broker.verifier.confirm', { seq: 0, ...(keys === undefined ? {} : { keys }) }, verifier(instance))
  const [{ kid: old = '' }] = (await jwksOf(test)).keys
  await word('pod-1', [old])
  await word('pod-2')
  const begun = await test.call('broker.key.rotate', { algorithm: 'ES256', reason: 'test' })
  const next = async () =>
    (await test.call('broker.key.list', {})).items.find(({ id }: { id: string }) => id === begun.key)
  const until = async (time: string) => {
    test.room.clock.advance(Date.parse(time) - test.room.clock.now().getTime())
    await runJob(test)
    return (await next()).state
  }
  return { ...begun, old, word, next, until }
}

onEveryBroker(
  'a key that is due signs once every verifier that was heard of has it, and the list names who lacks it',
  async (test) => {
    const { key, old, word, next, until, signsFrom, signsBy } = await rotating(test)
    const lacking = async () =>
      (await next()).next.lackedBy.map((each: { instance: string; tellsKeys: boolean }) => [
        each.instance,
        each.tellsKeys,
      ])
    assert.deepEqual(await lacking(), [
      ['pod-1', true],
      ['pod-2', false],
    ])
    const { next: times } = await next()
    assert.deepEqual([times.signsFrom, times.signsBy], [signsFrom, signsBy])
    assert.equal(await until(signsFrom), 'published')
    // What is none of our keys is not kept.
    await word('pod-1', [old, key, 'made-up', `x"${key}`])
    const kept = await test.room.database.reader.selectFrom('broker_verifier').select('held_keys').execute()
    assert.deepEqual(
      new Set(kept.map(({ held_keys }) => held_keys && JSON.parse(held_keys).toSorted().join())),
      new Set([null, [old, key].toSorted().join()]),
    )
    assert.deepEqual(await lacking(), [['pod-2', false]])
    await runJob(test)
    assert.equal((await next()).state, 'published')
    await word('pod-2', [old, key])
    await runJob(test)
    const { state, next: none } = await next()
    assert.deepEqual([state, none], ['active', null])
    assert.deepEqual(await evidenceOf(test), { lackedBy: null })
  },
)

onEveryBroker(
  'no verifier holds a rotation up beyond its last moment, and the event names who lacked the key then',
  async (test) => {
    const { until, signsBy, signsFrom } = await rotating(test)
    assert.ok(Date.parse(signsBy) - Date.parse(signsFrom) <= 24 * HOUR_MS)
    assert.equal(await until(new Date(Date.parse(signsBy) - 1).toISOString()), 'published')
    assert.equal(await until(signsBy), 'active')
    assert.deepEqual(await evidenceOf(test), { lackedBy: 'orders-api pod-1, orders-api pod-2' })
  },
)

onEveryBroker('an urgent rotation waits for nobody', async (test) => {
  await rotating(test)
  const urgent = await test.call('broker.key.rotate', { algorithm: 'ES256', reason: 'test', isUrgent: true })
  assert.deepEqual([urgent.signsFrom, urgent.signsBy].map(Date.parse), Array(2).fill(test.room.clock.now().getTime()))
  const { items } = await test.call('broker.key.list', {})
  assert.equal(items.find(({ state }: { state: string }) => state === 'active').id, urgent.key)
})

onEveryBroker(
  'the feed and the key set tell by one word which keys there are, and it changes with them',
  async (test) => {
    setUpOrders(test)
    const told = async () => {
      const keys = await fetch(`${test.url}/.well-known/jwks.json`)
      const { keys: version } = await (await fetch(`${test.url}/revocations`)).json()
      assert.equal(keys.headers.get('etag'), `"${version}"`)
      assert.match(version, /^[\w-]{22}$/)
      return version
    }
    const before = await told()
    assert.equal(await told(), before)
    await test.call('broker.key.rotate', { algorithm: 'ES256', reason: 'test' })
    await test.room.changes.catchUp()
    assert.notEqual(await told(), before)
  },
)

onEveryBroker(
  'K1: a sealed signing key opens in its own row only, and two replicas at once make one first key',
  async (test) => {
    const { reader } = test.room.database
    const rows = await reader.selectFrom('broker_signing_key').selectAll().execute()
    assert.equal(rows.length, 1)
    const { id, sealed } = rows[0] ?? assert.fail()
    const at = (table: string, row: string, column: string) => () =>
      test.room.sealer.open(sealed, { table, row, column })
    assert.ok(at('broker_signing_key', id, 'sealed')().length > 0)
    for (const moved of [
      at('broker_signing_key', 'sgk_other', 'sealed'),
      at('broker_credential', id, 'sealed'),
      at('broker_signing_key', id, 'public_jwk'),
    ])
      assert.throws(moved)
    await assert.rejects(test.call('broker.key.advance', { algorithms: [] }), { code: 'wrong_principal_type' })
  },
)
