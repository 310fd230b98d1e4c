import assert from 'node:assert/strict'
import { createVerifier, systemClock } from '@reeve/sdk'
import { decodeJwt } from 'jose'
import * as client from 'openid-client'
import { addSecret, ORDERS, onEveryBroker, post, setUpOrders, type TestBroker } from '../broker.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token'
const LEDGER = 'https://ledger.example.com'

interface Party {
  readonly id: string
  readonly secret: string
  readonly credential: string
}

interface Cast {
  readonly planner: Party
  readonly worker: Party
}

/** An identity with a secret, that may act for these. */
const addParty = async (test: TestBroker, id: string, actsFor: readonly string[] = []): Promise<Party> => {
  test.subjects.put(id)
  const { id: credential, secret } = await addSecret(test, id)
  for (const subject of actsFor) test.decisions.letActFor(id, subject)
  return { id, secret, credential }
}

/** A planner with rights on orders, and a worker with none that may act for it. */
const setUp = async (test: TestBroker): Promise<Cast> => {
  setUpOrders(test, 'nhi_planner')
  test.decisions.grant('nhi_planner', ORDERS, ['orders.read', 'orders.write'])
  test.decisions.addResource(LEDGER, { servedBy: ['nhi_ledger_api'], actions: ['ledger.read', 'ledger.post'] })
  const planner = await addParty(test, 'nhi_planner')
  return { planner, worker: await addParty(test, 'nhi_worker', ['nhi_planner']) }
}

const tokenOf = async (test: TestBroker, { id, secret }: Party, form: Record<string, string> = {}): Promise<string> => {
  const answer = await post(test, '/oauth/token', {
    ...{ grant_type: 'client_credentials', client_id: id, client_secret: secret, resource: ORDERS },
    ...form,
  })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.access_token
}

const exchange = (test: TestBroker, { id, secret }: Party, token: string, form: Record<string, string> = {}) =>
  post(test, '/oauth/token', {
    ...{ grant_type: GRANT, client_id: id, client_secret: secret, subject_token: token, subject_token_type: ACCESS },
    ...form,
  })

const exchanged = async (...asked: Parameters<typeof exchange>): Promise<string> => {
  const answer = await exchange(...asked)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.access_token
}

const refused = async (...asked: Parameters<typeof exchange>): Promise<[string, string]> => {
  const answer = await exchange(...asked)
  assert.equal(answer.status, 400, JSON.stringify(answer.body))
  assert.ok(!JSON.stringify(answer.body).includes('eyJ'), 'an error repeats a token')
  return [answer.body.error, answer.body.code]
}

const isActive = async (test: TestBroker, { id, secret }: Party, token: string): Promise<boolean> =>
  (await post(test, '/oauth/introspect', { client_id: id, client_secret: secret, token })).body.active

onEveryBroker(
  'RFC 8693 §2.1: what is malformed or of another type is refused before any token is read',
  async (test) => {
    const { planner, worker } = await setUp(test)
    const token = await tokenOf(test, planner, { may_act: worker.id })
    const id = 'urn:ietf:params:oauth:token-type:id_token'
    const cases: [Record<string, string>, string][] = [
      [{ subject_token: '' }, 'parameter_invalid'],
      [{ subject_token_type: '' }, 'token_type_unsupported'],
      [{ subject_token_type: id }, 'token_type_unsupported'],
      [{ requested_token_type: id }, 'token_type_unsupported'],
      [{ actor_token: token }, 'parameter_invalid'],
      [{ actor_token_type: ACCESS }, 'parameter_invalid'],
      [{ actor_token: token, actor_token_type: id }, 'token_type_unsupported'],
      [{ may_act: 'worker' }, 'parameter_invalid'],
      [{ instance: 'a b' }, 'parameter_invalid'],
    ]
    for (const [form, code] of cases)
      assert.deepEqual(await refused(test, worker, token, form), ['invalid_request', code], JSON.stringify(form))
    assert.deepEqual(await refused(test, worker, token, { resource: ORDERS, audience: LEDGER }), [
      'invalid_target',
      'resource_not_registered',
    ])
    const open = await exchange(test, { ...worker, secret: planner.secret }, token)
    assert.deepEqual([open.status, open.body.error], [401, 'invalid_client'])
  },
)

onEveryBroker(
  'RFC 8693 §2.2.2: a subject token that is foreign, forged, over or stopped is refused in the same words',
  async (test) => {
    const { planner, worker } = await setUp(test)
    const token = await tokenOf(test, planner, { may_act: worker.id })
    const no = ['invalid_request', 'subject_token_refused']
    assert.deepEqual(await refused(test, worker, 'eyJhbGciOiJub25lIn0.e30.'), no)
    assert.deepEqual(await refused(test, worker, `${token.slice(0, -4)}AAAA`), no)
    await test.call('broker.token.quarantine', { token, reason: 'a test' })
    await test.room.changes.catchUp()
    assert.deepEqual(await refused(test, worker, token), no)
    const other = await tokenOf(test, planner, { may_act: worker.id })
    test.room.clock.advance(3_600_000)
    assert.deepEqual(await refused(test, worker, other), no)
    const whys = (await test.room.events())
      .filter(({ kind, outcome }) => kind === 'broker.token.exchange' && outcome === 'refused')
      .map(({ evidence }) => evidence.why)
    assert.deepEqual(whys, ['not_ours', 'not_ours', 'token', 'expired'])
  },
)

onEveryBroker('an identity of another environment neither acts nor is acted for', async (test) => {
  const { planner } = await setUp(test)
  const staged = await addStaged(test)
  const token = await tokenOf(test, planner, { may_act: staged.id })
  assert.deepEqual(await refused(test, staged, token), ['invalid_request', 'subject_token_refused'])
})

const addStaged = async (test: TestBroker): Promise<Party> => {
  test.subjects.put('nhi_staged', { environment: 'staging' })
  const { id: credential, secret } = await addSecret(test, 'nhi_staged')
  test.decisions.letActFor('nhi_staged', 'nhi_planner')
  return { id: 'nhi_staged', secret, credential }
}

onEveryBroker(
  'RFC 8693 §4.4: nobody acts with a token that was not given to it, whatever a policy permits',
  async (test) => {
    const { planner, worker } = await setUp(test)
    const other = await addParty(test, 'nhi_other', ['nhi_planner'])
    const no = ['invalid_request', 'delegate_not_named']
    assert.deepEqual(await refused(test, worker, await tokenOf(test, planner)), no)
    const named = await tokenOf(test, planner, { may_act: other.id })
    assert.deepEqual(await refused(test, worker, named), no)
    assert.deepEqual(decodeJwt(await exchanged(test, other, named)).act, { sub: other.id })
    // Whoever serves the audience was sent the token; but not where it names somebody else.
    const { id: credential, secret } = await addSecret(test, 'nhi_orders_api')
    const server = { id: 'nhi_orders_api', secret, credential }
    test.decisions.letActFor(server.id, planner.id)
    assert.deepEqual(decodeJwt(await exchanged(test, server, await tokenOf(test, planner))).act, { sub: server.id })
    assert.deepEqual(await refused(test, server, named), no)
    // A holder that narrows its token does not lose who it named.
    assert.deepEqual(decodeJwt(await exchanged(test, planner, named)).may_act, { sub: other.id })
  },
)

onEveryBroker('nobody acts for another unless the policy permits it, by default not', async (test) => {
  const { planner } = await setUp(test)
  const stranger = await addParty(test, 'nhi_stranger')
  const answer = await exchange(test, stranger, await tokenOf(test, planner, { may_act: stranger.id }))
  assert.deepEqual([answer.body.error, answer.body.code], ['invalid_request', 'delegation_denied'])
  assert.equal(answer.body.decision_id, 'dec_delegation')
})

onEveryBroker('whoever acted before has to be permitted still, when one goes on with its token', async (test) => {
  const { planner, worker } = await setUp(test)
  const helper = await addParty(test, 'nhi_helper', [planner.id])
  const root = await tokenOf(test, planner, { may_act: worker.id })
  const middle = await exchanged(test, worker, root, { may_act: helper.id })
  const leaf = await exchanged(test, helper, middle)
  test.decisions.letActFor(worker.id, planner.id, false)
  for (const token of [middle, leaf])
    assert.deepEqual(await refused(test, helper, token), ['invalid_request', 'delegation_denied'])
  assert.equal((await test.room.events()).at(-1)?.evidence.who, worker.id)
  test.decisions.letActFor(worker.id, planner.id)
  await exchanged(test, helper, middle)
})

onEveryBroker(
  'T5: RFC 8693 §2.2.1, §4.1: the actor stands in the token, and it is never wider or longer',
  async (test) => {
    const { planner, worker } = await setUp(test)
    const token = await tokenOf(test, planner, { may_act: worker.id, scope: 'orders.read' })
    test.room.clock.advance(60_000)
    const answer = await exchange(test, worker, token, { instance: 'pod-1' })
    const { access_token, ...rest } = answer.body
    assert.deepEqual(rest, { issued_token_type: ACCESS, token_type: 'Bearer', expires_in: 3540, scope: 'orders.read' })
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    const [subject, made] = [decodeJwt(token), decodeJwt<{ reeve: Record<string, unknown> }>(access_token)]
    assert.deepEqual(
      [made.sub, made.client_id, made.aud, made.exp, made.act],
      [planner.id, worker.id, ORDERS, subject.exp, { sub: worker.id }],
    )
    assert.deepEqual(made.reeve.chain, [
      { jti: subject.jti, sub: worker.id, owner: 'team_orders', credential: worker.credential, instance: 'pod-1' },
    ])
    assert.deepEqual(test.decisions.lastAsked()?.actor, { id: worker.id, name: 'worker' })
    assert.deepEqual(await refused(test, worker, token, { scope: 'orders.read orders.write' }), [
      'invalid_scope',
      'exchange_scope_wider',
    ])
    assert.deepEqual(await refused(test, worker, token, { resource: test.url }), [
      'invalid_target',
      'resource_not_registered',
    ])
    const introspected = await post(test, '/oauth/introspect', {
      ...{ client_id: worker.id, client_secret: worker.secret, token: access_token },
    })
    assert.deepEqual([introspected.body.active, introspected.body.act], [true, { sub: worker.id }])
    const [event, delegated] = (await test.room.events()).filter(
      ({ kind, outcome }) => /exchange|delegate/.test(kind) && outcome === 'done',
    )
    assert.deepEqual(
      [event?.kind, event?.actor.id, event?.evidence.subject, event?.evidence.chain, event?.decision?.id],
      ['broker.token.exchange', worker.id, planner.id, 'nhi_planner > nhi_worker', 'dec_fake'],
    )
    assert.deepEqual(
      [delegated?.kind, delegated?.on?.id, delegated?.decision?.id],
      ['broker.token.delegate', planner.id, 'dec_delegation'],
    )
    assert.ok(!JSON.stringify(await test.room.events()).includes(String(subject.jti)), 'a jti stands in an event')
  },
)

onEveryBroker('RFC 8707: at another resource the subject and the actor both need the right', async (test) => {
  const { planner, worker } = await setUp(test)
  const token = await tokenOf(test, planner, { may_act: worker.id })
  const there = { resource: LEDGER }
  const denied = async () => (await refused(test, worker, token, there))[1]
  assert.equal(await denied(), 'exchange_subject_denied')
  test.decisions.grant(planner.id, LEDGER, ['ledger.read', 'ledger.post'])
  assert.equal(await denied(), 'exchange_actor_denied')
  test.decisions.grant(worker.id, LEDGER, ['ledger.read'])
  const made = decodeJwt(await exchanged(test, worker, token, there))
  assert.deepEqual([made.aud, made.scope, made.sub], [LEDGER, 'ledger.read', planner.id])
  assert.deepEqual(await refused(test, worker, token, { ...there, scope: 'ledger.post' }), [
    'invalid_target',
    'exchange_actor_denied',
  ])
  test.decisions.grant(planner.id, ORDERS, ['orders.read'])
  assert.equal((await refused(test, worker, token))[1], 'exchange_subject_denied')
})

onEveryBroker('RFC 8693 §4.1: actors nest, at most five, and none twice', async (test) => {
  const { planner } = await setUp(test)
  const actors: Party[] = []
  for (const at of [1, 2, 3, 4, 5, 6]) actors.push(await addParty(test, `nhi_actor${at}`, [planner.id]))
  const named = (at: number): Record<string, string> => ({ may_act: actors[at]?.id ?? planner.id })
  let token = await tokenOf(test, planner, named(0))
  for (const [at, actor] of actors.slice(0, 5).entries()) token = await exchanged(test, actor, token, named(at + 1))
  const nested = { sub: 'nhi_actor2', act: { sub: 'nhi_actor1' } }
  assert.deepEqual(decodeJwt(token).act, {
    sub: 'nhi_actor5',
    act: { sub: 'nhi_actor4', act: { sub: 'nhi_actor3', act: nested } },
  })
  const [first, , , , fifth, sixth] = actors
  assert.ok(first && fifth && sixth)
  assert.deepEqual(await refused(test, sixth, token), ['invalid_request', 'exchange_too_deep'])
  const back = await exchanged(test, fifth, token, { may_act: first.id })
  assert.deepEqual(await refused(test, first, back), ['invalid_request', 'exchange_loop'])
  const home = await exchanged(test, fifth, token, { may_act: planner.id })
  assert.deepEqual(await refused(test, planner, home), ['invalid_request', 'exchange_loop'])
})

onEveryBroker('RFC 8693 §2.1: an actor token is the client’s own and in force, and its stop counts', async (test) => {
  const { planner, worker } = await setUp(test)
  test.decisions.grant(worker.id, ORDERS, ['orders.read'])
  const token = await tokenOf(test, planner, { may_act: worker.id })
  const own = await tokenOf(test, worker)
  const by = (actor_token: string) => ({ actor_token, actor_token_type: ACCESS })
  const no = ['invalid_request', 'actor_token_refused']
  assert.deepEqual(await refused(test, worker, token, by(token)), no)
  assert.deepEqual(await refused(test, worker, token, by('x')), no)
  assert.deepEqual(await refused(test, worker, token, by(await exchanged(test, worker, own))), no)
  const made = await exchanged(test, worker, token, by(own))
  await test.call('broker.token.revoke', { token: own, reason: 'a test' })
  await test.room.changes.catchUp()
  assert.equal(await isActive(test, worker, made), false)
  assert.deepEqual(await refused(test, worker, token, by(own)), no)
})

onEveryBroker(
  'a stop of any token, credential or instance of the chain stops what came of it, for introspection and verifiers, and nothing beside it',
  async (test) => {
    const { planner, worker } = await setUp(test)
    const helper = await addParty(test, 'nhi_helper', [planner.id])
    const beside = await tokenOf(test, planner)
    const stops: ((tokens: readonly string[]) => Promise<unknown>)[] = [
      ([token]) => test.call('broker.token.revoke', { token, reason: 'a test' }),
      ([, token]) => test.call('broker.token.revoke', { token, reason: 'a test' }),
      () => test.call('broker.instance.quarantine', { identity: worker.id, instance: 'pod-1', reason: 'a test' }),
      () => test.call('broker.credential.quarantine', { credential: worker.credential, reason: 'a test' }),
    ]
    for (const [at, stop] of stops.entries()) {
      const root = await tokenOf(test, planner, { may_act: worker.id })
      const middle = await exchanged(test, worker, root, { may_act: helper.id, instance: at < 3 ? 'pod-1' : 'pod-2' })
      const leaf = await exchanged(test, helper, middle)
      const verifier = createVerifier({
        ...{ issuer: test.url, audience: ORDERS, allowsPlainHttp: true },
        clock: { ...systemClock, nowMs: () => test.room.clock.now().getTime() },
      })
      const judged = () => verifier.verify(`Bearer ${leaf}`, { action: 'orders.read' })
      const verified = await judged()
      assert.deepEqual([verified.identity, verified.actors], [planner.id, [helper.id, worker.id]])
      assert.equal(await isActive(test, helper, leaf), true)
      await stop([root, middle])
      await test.room.changes.catchUp()
      assert.equal(await isActive(test, helper, leaf), false)
      assert.equal((await refused(test, helper, leaf))[1], 'subject_token_refused')
      assert.equal(await isActive(test, planner, beside), true)
      await verifier.close()
      const anew = createVerifier({
        ...{ issuer: test.url, audience: ORDERS, allowsPlainHttp: true },
        clock: { ...systemClock, nowMs: () => test.room.clock.now().getTime() },
      })
      await anew.ready()
      await assert.rejects(anew.verify(`Bearer ${leaf}`), { code: 'token_revoked' })
      await anew.verify(`Bearer ${beside}`)
      await anew.close()
    }
  },
)

onEveryBroker('openid-client: a foreign client exchanges a token by discovery', async (test) => {
  const { planner, worker } = await setUp(test)
  const token = await tokenOf(test, planner, { may_act: worker.id })
  const config = await client.discovery(
    new URL(test.url),
    worker.id,
    undefined,
    client.ClientSecretPost(worker.secret),
    {
      execute: [client.allowInsecureRequests],
      algorithm: 'oauth2',
    },
  )
  assert.ok(config.serverMetadata().grant_types_supported?.includes(GRANT))
  const tokens = await client.genericGrantRequest(config, GRANT, { subject_token: token, subject_token_type: ACCESS })
  assert.equal(tokens.issued_token_type, ACCESS)
  const seen = await client.tokenIntrospection(config, tokens.access_token)
  assert.deepEqual([seen.active, seen.sub, seen.client_id], [true, planner.id, worker.id])
  await client.tokenRevocation(config, tokens.access_token)
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
})
