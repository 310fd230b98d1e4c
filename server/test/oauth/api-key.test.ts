import assert from 'node:assert/strict'
import { createVerifier, systemClock } from '@reeve/sdk'
import { addSecret, ORDERS, onEveryBroker, post, setUpOrders, type TestBroker } from '../broker.ts'

const NETWORK = '10.7.0.0/16'
const INSIDE = '10.7.1.2'

interface Key {
  readonly id: string
  readonly secret: string
}

const addKey = async (test: TestBroker, input: Record<string, unknown> = {}): Promise<Key> => {
  const { credential, secret } = await test.call('broker.credential.add', {
    identity: 'nhi_sync',
    kind: 'api-key',
    resource: ORDERS,
    actions: ['orders.read'],
    networks: [NETWORK],
    ...input,
  })
  return { id: credential.id, secret }
}

/** A till with a grant, and the API that serves what it is for. */
const setUpTill = async (test: TestBroker) => {
  setUpOrders(test)
  test.subjects.put('nhi_sync', { kind: 'device' })
  const { secret } = await addSecret(test, 'nhi_orders_api')
  return asApi(test, 'nhi_orders_api', secret)
}

const asApi =
  (test: TestBroker, client_id: string, client_secret: string) =>
  async (token: string, source_ip: string | undefined = INSIDE) => {
    const form = { client_id, client_secret, token, ...(source_ip === '' ? {} : { source_ip }) }
    return (await post(test, '/oauth/introspect', form)).body
  }

/** Changes one character, so that the rest still looks like a key. */
const flipped = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)

onEveryBroker(
  'T2: what is not a whole key of this server is inactive: every prefix, every changed character',
  async (test) => {
    const ask = await setUpTill(test)
    const { secret } = await addKey(test)
    const wrong = [
      ...Array.from({ length: secret.length - 1 }, (_, length) => secret.slice(0, length + 1)),
      ...Array.from({ length: secret.length }, (_, at) => flipped(secret, at)),
      `${secret}0`,
      secret.replace('reeve_ak_', 'reeve_cs_'),
    ]
    const answers = await Promise.all(wrong.map((text) => ask(text)))
    assert.deepEqual(new Set(answers.map((answer) => JSON.stringify(answer))), new Set(['{"active":false}']))
    assert.equal((await ask(secret)).active, true)
  },
)

onEveryBroker('T6: a key is active for the API that serves its one resource, and for nobody else', async (test) => {
  const ask = await setUpTill(test)
  const { id, secret } = await addKey(test, { ratePerMinute: 100 })
  test.subjects.put('nhi_other_api')
  test.decisions.addResource('https://other.example.com', { servedBy: ['nhi_other_api'] })
  const other = asApi(test, 'nhi_other_api', (await addSecret(test, 'nhi_other_api')).secret)
  assert.deepEqual(await other(secret), { active: false })
  const { iat, exp, ...said } = await ask(secret)
  const shown = (await test.call('broker.credential.show', { credential: id })).credential
  assert.deepEqual(
    [iat, exp].map((at) => at * 1000),
    [Date.parse(shown.createdAt), Date.parse(shown.expiresAt)].map((ms) => Math.floor(ms / 1000) * 1000),
  )
  assert.deepEqual(said, {
    active: true,
    token_type: 'Bearer',
    iss: test.url,
    sub: 'nhi_sync',
    client_id: 'nhi_sync',
    aud: ORDERS,
    jti: id,
    scope: 'orders.read',
    reeve: said.reeve,
    credential_kind: 'api-key',
    rate_per_minute: 100,
  })
  assert.deepEqual([said.reeve.credential, said.reeve.principal_type], [id, 'nhi'])
  const events = (await test.room.events()).filter(({ kind }) => kind === 'broker.token.introspect')
  assert.deepEqual(
    events.map(({ actor, on, evidence }) => [actor.id, on?.id, evidence.why, evidence.usedCredential, evidence.usedIp]),
    [
      ['nhi_other_api', 'nhi_sync', 'not_for_asker', id, INSIDE],
      ['nhi_orders_api', 'nhi_sync', null, id, INSIDE],
    ],
  )
  assert.ok(!JSON.stringify(await test.room.events()).includes(secret))
})

onEveryBroker(
  'a key is inactive outside of its networks, and where its verifier does not say from where',
  async (test) => {
    const ask = await setUpTill(test)
    const { secret } = await addKey(test, { networks: [NETWORK, '2001:db8:7::/48', '192.0.2.9'] })
    for (const outside of ['', '10.8.0.1', '::1', '2001:db8:8::1', '192.0.2.8', '::ffff:10.8.0.1'])
      assert.deepEqual(await ask(secret, outside), { active: false }, outside)
    for (const inside of [INSIDE, '10.7.255.255', '2001:db8:7:1::1', '192.0.2.9', '::ffff:10.7.0.1'])
      assert.equal((await ask(secret, inside)).active, true, inside)
    // What is no address is the verifier's mistake, and it is told.
    for (const wrong of ['10.7.1', '10.7.1.2:80', 'fe80::1%eth0', '10.7.1.2, 10.7.1.3'])
      assert.equal((await ask(secret, wrong)).code, 'parameter_invalid', wrong)
  },
)

onEveryBroker('a key is inactive as soon as anything that it stands on is stopped, and when it ends', async (test) => {
  const ask = await setUpTill(test)
  const key = await addKey(test)
  const { room } = test
  const { stops } = test.broker
  for (const [scope, id] of [
    ['credential', key.id],
    ['identity', 'nhi_sync'],
    ['owner', 'team_commerce'],
    ['issuer', test.url],
  ] as const) {
    const owner = scope === 'owner' ? ((await ask(key.secret)).reeve.owner as string) : id
    const move = async (isStop: boolean) => {
      const now = room.clock.now()
      await room.database.write(async (tx) => {
        const placed = isStop
          ? await stops.stop(tx, { scope, id: owner, verb: 'quarantine', reason: 'test', by: null, now, until: null })
          : await stops.lift(tx, scope, owner, now)
        await room.changes.signal(tx, placed?.signals ?? [])
      })
      await room.changes.catchUp()
    }
    await move(true)
    assert.notEqual((await ask(key.secret)).active, true, scope)
    await move(false)
    assert.equal((await ask(key.secret)).active, true, scope)
  }
  for (const verb of ['quarantine', 'release', 'revoke']) {
    await test.call(`broker.credential.${verb}`, { credential: key.id, reason: 'test' })
    assert.equal((await ask(key.secret)).active, verb === 'release', verb)
  }
  const short = await addKey(test, { expiresAt: new Date(room.clock.now().getTime() + 60_000).toISOString() })
  assert.equal((await ask(short.secret)).active, true)
  room.clock.advance(60_000)
  assert.deepEqual(await ask(short.secret), { active: false })
})

onEveryBroker('a key has no more than its actions of what policy grants at this moment', async (test) => {
  const ask = await setUpTill(test)
  const both = await addKey(test, { actions: ['orders.read', 'orders.write'] })
  const write = await addKey(test, { actions: ['orders.write'] })
  assert.equal((await ask(both.secret)).scope, 'orders.read')
  assert.deepEqual(await ask(write.secret), { active: false })
  test.decisions.grant('nhi_sync', ORDERS, ['orders.read', 'orders.write'])
  assert.deepEqual(
    [(await ask(both.secret)).scope, (await ask(write.secret)).scope],
    ['orders.read orders.write', 'orders.write'],
  )
  test.decisions.grant('nhi_sync', ORDERS, [])
  assert.deepEqual(await ask(both.secret), { active: false })
})

onEveryBroker(
  'a key that is used more often than its rate is inactive until the minute has room again',
  async (test) => {
    const ask = await setUpTill(test)
    const { secret } = await addKey(test, { ratePerMinute: 3 })
    const active = async (times: number) =>
      (await Promise.all(Array.from({ length: times }, () => ask(secret)))).filter((answer) => answer.active).length
    // A use that was refused for another reason takes nothing of it.
    await ask(secret, '10.8.0.1')
    assert.equal(await active(6), 3)
    test.room.clock.advance(20_000)
    assert.equal(await active(2), 1)
  },
)

const exchange = (test: TestBroker, secret: string, form: Record<string, string> = {}) =>
  post(test, '/oauth/token', {
    grant_type: 'client_credentials',
    client_id: 'nhi_sync',
    client_secret: secret,
    resource: ORDERS,
    ...form,
  })

onEveryBroker(
  'a key is exchanged for a token by any OAuth client, within its limits and from its networks',
  async (test) => {
    await setUpTill(test)
    test.decisions.addResource('https://other.example.com', {})
    test.decisions.grant('nhi_sync', 'https://other.example.com', ['orders.read'])
    test.decisions.grant('nhi_sync', ORDERS, ['orders.read', 'orders.write'])
    const here = await addKey(test, { networks: ['127.0.0.0/8', '::1'] })
    const elsewhere = await addKey(test)
    for (const [secret, form, bound] of [
      [elsewhere.secret, {}, 'network'],
      [here.secret, { resource: 'https://other.example.com' }, 'resource'],
      [here.secret, { scope: 'orders.write' }, 'actions'],
      [here.secret, { scope: 'orders.read orders.write' }, 'actions'],
    ] as const) {
      const { status, body } = await exchange(test, secret, form)
      assert.deepEqual([status, body.error, body.code], [400, 'unauthorized_client', 'api_key_out_of_bounds'], bound)
      assert.equal((await test.room.events()).at(-1)?.evidence.bound, bound)
    }
    // Left out, the scope is what the key has, not what the identity has.
    const { status, body } = await exchange(test, here.secret)
    assert.deepEqual([status, body.scope], [200, 'orders.read'])
    const limited = await addKey(test, { networks: ['127.0.0.0/8', '::1'], ratePerMinute: 1 })
    assert.equal((await exchange(test, limited.secret)).status, 200)
    const late = await exchange(test, limited.secret)
    assert.deepEqual([late.status, late.body.code, late.headers.get('retry-after')], [429, 'api_key_rate', '60'])
  },
)

onEveryBroker('a token that a key got is exchanged for its one resource only, whoever acts with it', async (test) => {
  await setUpTill(test)
  const other = 'https://other.example.com'
  test.decisions.addResource(other, {})
  test.subjects.put('nhi_worker')
  const { secret: client_secret } = await addSecret(test, 'nhi_worker')
  for (const id of ['nhi_sync', 'nhi_worker']) test.decisions.grant(id, other, ['orders.read'])
  test.decisions.grant('nhi_sync', ORDERS, ['orders.read', 'orders.write'])
  test.decisions.letActFor('nhi_worker', 'nhi_sync')
  const { secret } = await addKey(test, { networks: ['127.0.0.0/8', '::1'] })
  const { body } = await exchange(test, secret, { may_act: 'nhi_worker' })
  const act = (form: Record<string, string>) =>
    post(test, '/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: body.access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...{ client_id: 'nhi_worker', client_secret },
      ...form,
    })
  const beyond = await act({ resource: other })
  assert.deepEqual([beyond.status, beyond.body.code], [400, 'api_key_out_of_bounds'])
  assert.equal((await act({ scope: 'orders.write' })).body.code, 'exchange_scope_wider')
  const within = await act({})
  assert.deepEqual([within.status, within.body.scope], [200, 'orders.read'])
  // Nor does a key stand for who exchanges, or for what is exchanged.
  const asKey = await act({ client_id: 'nhi_sync', client_secret: secret })
  assert.deepEqual([asKey.status, asKey.body.code], [401, 'client_not_proven'])
  assert.equal((await act({ subject_token: secret })).body.code, 'subject_token_refused')
  assert.ok(!JSON.stringify(await test.room.events()).includes(secret))
})

onEveryBroker('a stolen key proves nobody at introspection', async (test) => {
  await setUpTill(test)
  const { secret } = await addKey(test, { identity: 'nhi_sync', networks: ['127.0.0.0/8', '::1'] })
  const { body } = await exchange(test, secret)
  const form = { client_id: 'nhi_sync', client_secret: secret, token: body.access_token }
  const answer = await post(test, '/oauth/introspect', form)
  assert.deepEqual([answer.status, answer.body.code], [401, 'client_not_proven'])
})

onEveryBroker('the table of proofs says who gets a key: a device that is bound to a network', async (test) => {
  setUpOrders(test)
  const refused = async (fields: Record<string, string>, input: Record<string, unknown> = {}) => {
    test.subjects.put('nhi_sync', fields)
    await assert.rejects(addKey(test, input), { code: 'credential_kind_refused' }, JSON.stringify(fields))
  }
  for (const kind of ['agent', 'bot', 'service', 'script', 'ci-job', 'integration', 'account']) await refused({ kind })
  await refused({ kind: 'device', tier: 'high' })
  await refused({ kind: 'device' }, { networks: [] })
  test.subjects.put('nhi_sync', { kind: 'device', tier: 'medium' })
  const { id } = await addKey(test)
  const { credential } = await test.call('broker.credential.show', { credential: id })
  const why = await test.broker.reasons.crd(test.room.database.reader, id, test.room.clock.now())
  assert.match(String(why?.because[0]), /^it is a api-key of sync \(nhi_sync\), added /)
  assert.ok(why?.because.includes(`it is for orders.read on ${ORDERS}, from ${NETWORK}`))
  const days = (Date.parse(credential.expiresAt) - Date.parse(credential.createdAt)) / 86_400_000
  assert.equal(days, 30)
  assert.deepEqual(credential.limits, {
    resource: 'res_0',
    audience: ORDERS,
    actions: ['orders.read'],
    networks: [NETWORK],
    ratePerMinute: null,
  })
  // A tier that rises takes the key with it.
  test.subjects.put('nhi_sync', { kind: 'agent' })
  test.exceptions.add('credential.api-key', 'nhi_sync', new Date(test.room.clock.now().getTime() + 3 * 86_400_000))
  assert.equal(typeof (await addKey(test, { networks: [] })).secret, 'string')
})

onEveryBroker(
  'a key without a resource or its actions is refused, and so are limits of other credentials',
  async (test) => {
    await setUpTill(test)
    for (const [input, code] of [
      [{ resource: undefined }, 'api_key_limits_wrong'],
      [{ actions: undefined }, 'api_key_limits_wrong'],
      [{ resource: 'https://nowhere.example.com' }, 'resource_not_registered'],
      [{ actions: ['orders.read', 'orders.drop'] }, 'scope_malformed'],
      [{ kind: 'client-secret' }, 'api_key_limits_wrong'],
      [{ actions: [] }, 'invalid_input'],
      [{ ratePerMinute: 0 }, 'invalid_input'],
      ...[
        '0.0.0.0/0',
        '10.0.0.0/7',
        '::/0',
        '10.0.0.0/33',
        '10.0.0',
        'fe80::1%eth0/64',
        '::ffff:10.0.0.0/104',
        '::ffff:0:0/96',
        '::ffff:a00:0/104',
        '0:0::FFFF:0:0/90',
        '::/8',
        '10.0.0.0/08',
        '',
      ].map((network) => [{ networks: [network] }, 'invalid_input'] as const),
    ] as const)
      await assert.rejects(addKey(test, input), { code }, JSON.stringify(input))
  },
)

onEveryBroker(
  'the SDK takes keys that the issuer calls active, from where they may be used, until they are stopped',
  async (test) => {
    await setUpTill(test)
    const { secret: clientSecret } = await addSecret(test, 'nhi_orders_api')
    const { id, secret } = await addKey(test)
    const settings = { issuer: test.url, audience: ORDERS, allowsPlainHttp: true }
    const clock = { ...systemClock, nowMs: () => test.room.clock.now().getTime() }
    const auth = { clientId: 'nhi_orders_api', auth: { clientSecret } }
    const verifier = createVerifier({ ...settings, clock, apiKeys: auth })
    const without = createVerifier({ ...settings, clock })
    try {
      await verifier.ready()
      const use = { action: 'orders.read', ip: INSIDE }
      await assert.rejects(without.verify(secret, use), { code: 'token_malformed' })
      await assert.rejects(verifier.verify(flipped(secret, 40), use), { code: 'token_malformed' })
      await assert.rejects(verifier.verify(secret, { action: 'orders.read', ip: '10.8.0.1' }), {
        code: 'token_inactive',
      })
      await assert.rejects(verifier.verify(secret, { action: 'orders.read' }), { code: 'token_inactive' })
      await assert.rejects(verifier.verify(secret, { action: 'orders.write', ip: INSIDE }), {
        code: 'insufficient_scope',
      })
      const found = await verifier.verify(`Bearer ${secret}`, use)
      assert.deepEqual([found.identity, found.credential, found.scopes], ['nhi_sync', id, ['orders.read']])
      const asked = async () =>
        (await test.room.events()).filter(({ kind }) => kind === 'broker.token.introspect').length
      const before = await asked()
      await verifier.verify(secret, use)
      assert.equal(await asked(), before, 'answered from memory')
      const { seq } = await test.call('broker.credential.revoke', { credential: id, reason: 'test' })
      while ((verifier.status().seq ?? 0) < seq) await new Promise(setImmediate)
      await assert.rejects(verifier.verify(secret, use), { code: 'token_revoked' })
    } finally {
      await verifier.close()
      await without.close()
    }
  },
)

onEveryBroker('the SDK counts every use of a key that has a rate, however many come at once', async (test) => {
  await setUpTill(test)
  const { secret: clientSecret } = await addSecret(test, 'nhi_orders_api')
  const { secret } = await addKey(test, { ratePerMinute: 3 })
  const clock = { ...systemClock, nowMs: () => test.room.clock.now().getTime() }
  const apiKeys = { clientId: 'nhi_orders_api', auth: { clientSecret } }
  const verifier = createVerifier({ issuer: test.url, audience: ORDERS, allowsPlainHttp: true, clock, apiKeys })
  try {
    await verifier.ready()
    const use = () => verifier.verify(secret, { action: 'orders.read', ip: INSIDE })
    const answers = await Promise.allSettled(Array.from({ length: 8 }, use))
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 3)
  } finally {
    await verifier.close()
  }
})

onEveryBroker('a key of a tier that takes bound tokens only is nothing anywhere, an exception or not', async (test) => {
  const ask = await setUpTill(test)
  const in3Days = new Date(test.room.clock.now().getTime() + 3 * 86_400_000)
  test.exceptions.add('credential.api-key', 'nhi_sync', in3Days)
  const { secret } = await addKey(test)
  assert.equal((await ask(secret)).active, true)
  test.subjects.put('nhi_sync', { tier: 'high' })
  await test.room.database.write((tx) => test.room.changes.signal(tx, [{ topic: 'identity', key: 'nhi_sync' }]))
  await test.room.changes.catchUp()
  const byException = await addKey(test)
  assert.deepEqual(await ask(byException.secret), { active: false })
  const [event] = (await test.room.events()).filter(({ kind }) => kind === 'broker.token.introspect').toReversed()
  assert.equal(event?.evidence.why, 'sender_constraint_required')
})
