import assert from 'node:assert/strict'
import { generateKeyPairSync, hash, type KeyObject, randomBytes } from 'node:crypto'
import { mock } from 'node:test'
import { decodeJwt } from 'jose'
import {
  assertionForm,
  ORDERS,
  onEveryBroker,
  openBroker,
  post,
  setUpOrders,
  signAssertion,
  type TestBroker,
} from '../broker.ts'

/** A machine with what it has to keep. */
interface Machine {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly join?: string
  generation: number
  attempt: string
  previous: string | undefined
}

const newAttempt = () => randomBytes(16).toString('base64url')

const addBound = async (test: TestBroker, identity = 'nhi_sync'): Promise<{ id: string; secret: string }> => {
  const { credential, secret } = await test.call('broker.credential.add', { identity, kind: 'bound-key' })
  await test.room.changes.catchUp()
  return { id: credential.id, secret }
}

const newMachine = (join: string): Machine => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  join,
  generation: 1,
  attempt: newAttempt(),
  previous: undefined,
})

/** What it sends for the use that its state names. */
const claimsOf = (machine: Machine): Record<string, unknown> => ({
  reeve_generation: machine.generation,
  reeve_attempt: machine.attempt,
  reeve_previous: machine.previous,
  ...(machine.generation === 1 && machine.join !== undefined
    ? { reeve_join: machine.join, reeve_key: machine.publicKey.export({ format: 'jwk' }) }
    : {}),
})

const sign = (test: TestBroker, machine: Machine, over: Record<string, unknown> = {}) =>
  signAssertion(test, machine.privateKey, { ...claimsOf(machine), ...over })

const send = (test: TestBroker, assertion: string) =>
  post(test, '/oauth/token', { grant_type: 'client_credentials', resource: ORDERS, ...assertionForm(assertion) })

const ask = async (test: TestBroker, machine: Machine, over: Record<string, unknown> = {}) =>
  send(test, await sign(test, machine, over))

/** Goes on to the next use, as a machine does that got its answer. */
const goOn = (machine: Machine): Machine => {
  machine.previous = hash('sha256', machine.attempt, 'base64url')
  machine.attempt = newAttempt()
  machine.generation += 1
  return machine
}

const joined = async (test: TestBroker): Promise<{ id: string; machine: Machine }> => {
  const { id, secret } = await addBound(test)
  const machine = newMachine(secret)
  const { status, body } = await ask(test, machine)
  assert.equal(status, 200, JSON.stringify(body))
  await test.room.changes.catchUp()
  return { id, machine }
}

const eventsOf = async (test: TestBroker, kind: string) =>
  (await test.room.events()).filter((each) => each.kind === kind)

onEveryBroker('a machine joins once with its secret, and from then on each use of its key is counted', async (test) => {
  setUpOrders(test)
  const { id, secret } = await addBound(test)
  assert.match(secret, /^reeve_jn_/)
  const machine = newMachine(secret)
  const tokens: string[] = []
  for (let generation = 1; generation <= 4; generation++) {
    const { status, body } = await ask(test, machine)
    assert.equal(status, 200, JSON.stringify(body))
    tokens.push(body.access_token)
    goOn(machine)
  }
  for (const token of tokens) {
    const { reeve } = decodeJwt<{ reeve: Record<string, unknown> }>(token)
    assert.deepEqual([reeve.credential, reeve.instance], [id, id])
  }
  const generations = (await eventsOf(test, 'broker.token.issue')).map(({ evidence }) => evidence.generation)
  assert.deepEqual(generations, [1, 2, 3, 4])
  const [event] = await eventsOf(test, 'broker.credential.join')
  assert.deepEqual([event?.credential, event?.on?.id, event?.evidence.address], [id, 'nhi_sync', '127.0.0.1'])
  const text = JSON.stringify(await test.room.events())
  assert.ok(!text.includes(secret) && !text.includes(machine.attempt))
  const stored = JSON.stringify(await test.room.database.reader.selectFrom('broker_bound_key').selectAll().execute())
  assert.ok(!stored.includes(secret) && !stored.includes(machine.attempt))
})

onEveryBroker('a join secret proves nothing else, nobody else, and only within its hour', async (test) => {
  setUpOrders(test)
  test.subjects.put('nhi_other')
  const { secret } = await addBound(test)
  const asSecret = { grant_type: 'client_credentials', resource: ORDERS, client_id: 'nhi_sync', client_secret: secret }
  assert.equal((await post(test, '/oauth/token', asSecret)).body.code, 'client_not_proven')
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const machine = newMachine(secret)
  const cases: [string, Promise<string>, string][] = [
    ['of another identity', sign(test, machine, { iss: 'nhi_other', sub: 'nhi_other' }), 'client_not_proven'],
    ['of nobody', sign(test, machine, { iss: 'nhi_none', sub: 'nhi_none' }), 'client_not_proven'],
    ['signed by another key', signAssertion(test, stranger.privateKey, claimsOf(machine)), 'client_not_proven'],
    ['another secret', sign(test, machine, { reeve_join: `${secret.slice(0, -6)}000000` }), 'client_not_proven'],
    ['without a key', sign(test, machine, { reeve_key: undefined }), 'client_not_proven'],
    [
      'a private key',
      sign(test, machine, { reeve_key: machine.privateKey.export({ format: 'jwk' }) }),
      'client_not_proven',
    ],
    [
      'not the first use',
      sign(test, machine, { reeve_generation: 2, reeve_previous: newAttempt() }),
      'assertion_invalid',
    ],
    ['an attempt to be guessed', sign(test, machine, { reeve_attempt: '1' }), 'assertion_invalid'],
  ]
  for (const [what, assertion, code] of cases) assert.equal((await send(test, await assertion)).body.code, code, what)
  test.room.clock.advance(3_600_001)
  assert.equal((await ask(test, machine)).body.code, 'client_not_proven')
  const next = await addBound(test)
  const late = newMachine(next.secret)
  await test.call('broker.credential.revoke', { credential: next.id, reason: 'the secret was lost' })
  await test.room.changes.catchUp()
  assert.equal((await ask(test, late)).body.code, 'client_not_proven')
})

onEveryBroker('nobody brings a key while anything that it would stand on is stopped', async (test) => {
  setUpOrders(test)
  const { id, secret } = await addBound(test)
  const machine = newMachine(secret)
  const { room, broker } = test
  for (const [scope, subject] of [
    ['identity', 'nhi_sync'],
    ['instance', `nhi_sync/${id}`],
    ['issuer', test.url],
  ] as const) {
    // Told to no memory yet: it is the write that has to know.
    await room.database.write(async (tx) => {
      const now = room.clock.now()
      const stop = { scope, id: subject, verb: 'quarantine', reason: 'test', by: null, now, until: null } as const
      await room.changes.signal(tx, (await broker.stops.stop(tx, stop)).signals)
    })
    const { body } = await ask(test, machine)
    assert.equal(body.code, scope === 'instance' ? 'instance_stopped' : 'identity_stopped', scope)
    await room.database.write(async (tx) => {
      const lifted = await broker.stops.lift(tx, scope, subject, room.clock.now())
      await room.changes.signal(tx, lifted?.signals ?? [])
    })
    await room.changes.catchUp()
  }
  assert.deepEqual(await eventsOf(test, 'broker.credential.join'), [])
  assert.equal((await ask(test, machine)).status, 200)
})

onEveryBroker(
  'of two machines that join with one secret at once one does, and one key is not joined twice',
  async (test) => {
    setUpOrders(test)
    const { secret } = await addBound(test)
    const machines = [newMachine(secret), newMachine(secret), newMachine(secret)]
    const answers = await Promise.all(machines.map((machine) => ask(test, machine)))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401])
    const winner = machines[answers.findIndex(({ status }) => status === 200)]
    assert.equal((await eventsOf(test, 'broker.credential.join')).length, 1)
    const other = await addBound(test)
    const same: Machine = {
      ...newMachine(other.secret),
      ...(winner ?? newMachine('')),
      join: other.secret,
      attempt: newAttempt(),
    }
    test.subjects.put('nhi_other')
    const third = await addBound(test, 'nhi_other')
    const elsewhere = await ask(test, { ...same, join: third.secret }, { iss: 'nhi_other', sub: 'nhi_other' })
    assert.equal(elsewhere.body.code, 'credential_key_in_use')
    // The secret is not spent by that.
    const good = await ask(test, newMachine(third.secret), { iss: 'nhi_other', sub: 'nhi_other' })
    assert.notEqual(good.body.code, 'client_not_proven')
  },
)

onEveryBroker('a machine that never got the answer sends the same use again, and is no clone', async (test) => {
  setUpOrders(test)
  const { id, secret } = await addBound(test)
  const machine = newMachine(secret)
  for (let generation = 1; generation <= 3; generation++) {
    for (let time = 0; time < 3; time++) assert.equal((await ask(test, machine)).status, 200, `${generation} ${time}`)
    goOn(machine)
  }
  // Many at once as well, as where a timed out request is still on its way.
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(test, machine)))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  assert.equal((await ask(test, goOn(machine))).status, 200)
  assert.deepEqual(
    test.findings.reported.filter(({ rule }) => rule.startsWith('bound-key')),
    [],
  )
  const listed = await test.call('broker.instance.list', { identity: 'nhi_sync' })
  assert.ok(
    listed.items.every(({ state }: { state: string }) => state === 'active'),
    id,
  )
})

onEveryBroker(
  'a copy of the state is noticed at its first use, whoever comes first, and stops that instance alone',
  async (test) => {
    setUpOrders(test)
    const { id, machine } = await joined(test)
    const beside = await joined(test)
    const copy: Machine = { ...machine }
    assert.equal((await ask(test, goOn(copy))).status, 200)
    const own = await ask(test, goOn(machine))
    assert.deepEqual([own.status, own.body.code], [401, 'bound_key_cloned'])
    await test.room.changes.catchUp()
    // Neither goes on, nor does either's use that was right.
    assert.equal((await ask(test, goOn(copy))).body.code, 'instance_stopped')
    assert.equal((await ask(test, machine)).body.code, 'bound_key_cloned')
    // P24: the other machine of the identity has a key of its own.
    assert.equal((await ask(test, goOn(beside.machine))).status, 200)
    const [event, ...more] = await eventsOf(test, 'broker.instance.quarantine')
    assert.equal(more.length, 0)
    assert.deepEqual([event?.instance, event?.on?.id, event?.actor.principalType], [id, 'nhi_sync', 'automation'])
    assert.deepEqual(
      [event?.evidence.firstAddress, event?.evidence.secondAddress, event?.evidence.generation],
      ['127.0.0.1', '127.0.0.1', 2],
    )
    const finding = test.findings.reported.find(({ rule }) => rule === 'bound-key-cloned')
    assert.deepEqual([finding?.severity, finding?.identity, finding?.evidence.credential], ['critical', 'nhi_sync', id])
    const refused = (await eventsOf(test, 'broker.token.issue')).find(({ code }) => code === 'bound_key_cloned')
    assert.deepEqual([refused?.on?.id, refused?.evidence.firstAddress], ['nhi_sync', '127.0.0.1'])
  },
)

onEveryBroker(
  'of many copies that use one generation at once one gets a token, and the instance is stopped',
  async (test) => {
    setUpOrders(test)
    const { machine } = await joined(test)
    const copies = Array.from({ length: 6 }, () => goOn({ ...machine }))
    const answers = await Promise.all(copies.map((copy) => ask(test, copy)))
    const granted = answers.filter(({ status }) => status === 200)
    assert.ok(granted.length <= 1, String(granted.length))
    const codes = new Set(answers.filter(({ status }) => status !== 200).map(({ body }) => body.code))
    assert.ok(
      codes.has('bound_key_cloned') && [...codes].every((code) => /bound_key_cloned|instance_stopped/.test(code)),
    )
    assert.equal((await eventsOf(test, 'broker.instance.quarantine')).length, 1)
  },
)

onEveryBroker('two replicas count one key together', async (test) => {
  setUpOrders(test)
  const { machine } = await joined(test)
  const { subjects, decisions, findings, exceptions } = test
  const second = await openBroker(test.room, { subjects, decisions, findings, exceptions }, { issuer: test.url })
  const at = { ...second, room: test.room, url: test.url }
  const askThere = async (from: Machine) =>
    post(second, '/oauth/token', {
      grant_type: 'client_credentials',
      resource: ORDERS,
      ...assertionForm(await sign(at, from)),
    })
  assert.equal((await askThere(goOn(machine))).status, 200)
  assert.equal((await ask(test, goOn(machine))).status, 200)
  const copy = goOn({ ...machine })
  const answers = await Promise.all([askThere(goOn(machine)), ask(test, copy)])
  assert.ok(answers.filter(({ status }) => status === 200).length <= 1)
  assert.ok(answers.some(({ body }) => body.code === 'bound_key_cloned'))
  await second.http.close()
})

onEveryBroker(
  'who has the key and not its state is noticed, and who only saw an assertion stops nobody',
  async (test) => {
    setUpOrders(test)
    const { machine } = await joined(test)
    const seen = await sign(test, goOn(machine))
    assert.equal((await send(test, seen)).status, 200)
    assert.equal((await ask(test, goOn(machine))).status, 200)
    assert.equal((await send(test, seen)).body.code, 'assertion_replayed')
    assert.equal((await ask(test, goOn(machine))).status, 200)
    for (const over of [
      { reeve_generation: undefined },
      { reeve_attempt: undefined },
      { reeve_generation: 2.5 },
      { reeve_generation: '4' },
      { reeve_previous: undefined },
      { reeve_instance: 'crd_another' },
    ])
      assert.equal((await ask(test, machine, over)).body.code, 'assertion_invalid', JSON.stringify(over))
    assert.equal(test.findings.reported.filter(({ rule }) => rule === 'bound-key-cloned').length, 0)
    const guessed = { ...machine, generation: machine.generation + 1, previous: newAttempt(), attempt: newAttempt() }
    assert.equal((await ask(test, guessed)).body.code, 'bound_key_cloned')
  },
)

onEveryBroker(
  'a machine that counts further than a database that was put back is refused, and not called a clone',
  async (test) => {
    setUpOrders(test)
    const { id, machine } = await joined(test)
    await test.room.database.write(async (tx) => {
      await tx.updateTable('broker_bound_key').set({ generation: 1 }).where('credential', '=', id).execute()
    })
    machine.generation = 7
    assert.equal((await ask(test, goOn(machine))).body.code, 'bound_key_out_of_step')
    assert.deepEqual(
      test.findings.reported.filter(({ rule }) => rule.startsWith('bound-key')).map(({ rule }) => rule),
      ['bound-key-out-of-step'],
    )
    assert.equal((await eventsOf(test, 'broker.instance.quarantine')).length, 0)
  },
)

onEveryBroker(
  'a use whose token is refused may be made again, and a key that is stopped gets nothing',
  async (test) => {
    setUpOrders(test)
    const { id, machine } = await joined(test)
    goOn(machine)
    const form = { grant_type: 'client_credentials', resource: 'https://nothing.example' }
    const refused = await post(test, '/oauth/token', { ...form, ...assertionForm(await sign(test, machine)) })
    assert.equal(refused.body.code, 'resource_not_registered')
    assert.equal((await ask(test, machine)).status, 200)
    const move = { credential: id, reason: 'the machine was sold' }
    await test.call('broker.credential.quarantine', move)
    await test.room.changes.catchUp()
    assert.equal((await ask(test, goOn(machine))).body.code, 'credential_stopped')
    await test.call('broker.credential.release', move)
    await test.room.changes.catchUp()
    assert.equal((await ask(test, machine)).status, 200)
  },
)

onEveryBroker(
  'a join that is refused writes nothing down, for whomever it is, and names no assertion of the client',
  async (test) => {
    setUpOrders(test)
    const { secret } = await addBound(test)
    const other = await addBound(test)
    const machine = newMachine(secret)
    const writes = mock.method(test.room.database, 'write')
    const jti = 'the-next-of-the-client'
    for (const over of [
      { reeve_join: `${secret.slice(0, -49)}${other.secret.slice(-49)}`, iss: 'nhi_orders_api', sub: 'nhi_orders_api' },
      { iss: 'nhi_nobody', sub: 'nhi_nobody' },
      { iss: 'nhi_orders_api', sub: 'nhi_orders_api' },
    ])
      assert.equal((await ask(test, machine, { ...over, jti })).body.code, 'client_not_proven')
    assert.equal(writes.mock.callCount(), 0)
    writes.mock.restore()
    assert.equal((await ask(test, machine, { jti })).status, 200)
    assert.equal((await ask(test, machine, { jti })).body.code, 'assertion_replayed')
  },
)
