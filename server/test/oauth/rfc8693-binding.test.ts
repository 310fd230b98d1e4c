import assert from 'node:assert/strict'
import { decodeJwt } from 'jose'
import { addSecret, ORDERS, onEveryBroker, post, setUpOrders, type TestBroker } from '../broker.ts'
import { holdKey } from '../dpop.ts'

const ACCESS = 'urn:ietf:params:oauth:token-type:access_token'
const LEDGER = 'https://ledger.example.com'
const WORKER = { may_act: 'nhi_worker' }

type Form = Record<string, string>

/** A planner, and a worker that may act for it, both of which may prove who sends what they ask. */
const setUp = async (test: TestBroker) => {
  setUpOrders(test, 'nhi_planner')
  test.subjects.put('nhi_planner')
  test.subjects.put('nhi_worker')
  test.decisions.grant('nhi_planner', ORDERS, ['orders.read'])
  test.decisions.grant('nhi_worker', ORDERS, ['orders.read'])
  test.decisions.letActFor('nhi_worker', 'nhi_planner')
  const planner = (await addSecret(test, 'nhi_planner')).secret
  const worker = (await addSecret(test, 'nhi_worker')).secret
  const url = `${test.url}/oauth/token`
  const ask = async (form: Form, key?: Awaited<ReturnType<typeof holdKey>>) => {
    if (key === undefined) return post(test, '/oauth/token', form)
    const first = await post(test, '/oauth/token', form, { dpop: await key.prove({ method: 'POST', url }) })
    const nonce = first.headers.get('dpop-nonce') ?? ''
    return post(test, '/oauth/token', form, { dpop: await key.prove({ method: 'POST', url, nonce }) })
  }
  const get = (client_id: string, client_secret: string, form: Form = {}): Form => ({
    ...{ grant_type: 'client_credentials', client_id, client_secret, resource: ORDERS },
    ...form,
  })
  const swap = (client_id: string, client_secret: string, subject_token: string, form: Form = {}): Form => ({
    ...{ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', client_id, client_secret },
    ...{ subject_token, subject_token_type: ACCESS },
    ...form,
  })
  const keys = { planner: await holdKey(test.room.clock), worker: await holdKey(test.room.clock) }
  return { planner, worker, ask, get, swap, keys }
}

onEveryBroker('RFC 9449 §5: what was bound never becomes a token for whoever has it', async (test) => {
  const { planner, worker, ask, get, swap, keys } = await setUp(test)
  const bound = (await ask(get('nhi_planner', planner, WORKER), keys.planner)).body.access_token
  const loose = (await ask(get('nhi_planner', planner, WORKER))).body.access_token
  const own = (await ask(get('nhi_worker', worker), keys.worker)).body.access_token
  assert.deepEqual(decodeJwt(bound).cnf, { jkt: keys.planner.jkt })
  for (const form of [
    swap('nhi_worker', worker, bound),
    swap('nhi_planner', planner, bound),
    swap('nhi_worker', worker, loose, { actor_token: own, actor_token_type: ACCESS }),
  ]) {
    const answer = await ask(form)
    assert.deepEqual([answer.status, answer.body.code], [400, 'sender_constraint_required'])
  }
  // It is bound to the key of who acts, which is who sends it.
  const made = (await ask(swap('nhi_worker', worker, bound), keys.worker)).body
  assert.deepEqual([made.token_type, decodeJwt(made.access_token).cnf], ['DPoP', { jkt: keys.worker.jkt }])
})

onEveryBroker('a subject gets no further with its token than each credential that it shows with it', async (test) => {
  const { planner, ask, get, swap } = await setUp(test)
  test.decisions.addResource(LEDGER, { actions: ['ledger.read'] })
  test.decisions.grant('nhi_planner', LEDGER, ['ledger.read'])
  const token = (await ask(get('nhi_planner', planner))).body.access_token
  const weak = await addSecret(test, 'nhi_planner')
  const { decide } = test.decisions
  // As a policy does that forbids something to a kind of credential.
  test.decisions.decide = (question) =>
    decide(question.credential?.id === weak.id ? { ...question, actions: ['none'] } : question)
  const there = { resource: LEDGER }
  const refused = await ask(swap('nhi_planner', weak.secret, token, there))
  assert.deepEqual([refused.status, refused.body.code], [400, 'exchange_actor_denied'])
  assert.equal((await ask(swap('nhi_planner', planner, token, there))).status, 200)
})
