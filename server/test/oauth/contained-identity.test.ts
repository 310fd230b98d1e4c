import assert from 'node:assert/strict'
import { addSecret, ORDERS, onEveryBroker, post, postSecret, setUpOrders, type TestBroker } from '../broker.ts'
import { adminCaller } from '../room.ts'

const ACCESS = 'urn:ietf:params:oauth:token-type:access_token'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const DAY_MS = 86_400_000

/** What an identity has in its hands, and what others have of it. New tokens by each of its ways: state-matrix.test.ts. */
const setUp = async (test: TestBroker) => {
  setUpOrders(test)
  test.subjects.put('nhi_agent')
  test.decisions.grant('nhi_agent', ORDERS, ['orders.read'])
  test.exceptions.add('credential.api-key', 'nhi_sync', new Date(test.room.clock.now().getTime() + DAY_MS))
  const { secret } = await addSecret(test)
  const agent = await addSecret(test, 'nhi_agent')
  const api = await addSecret(test, 'nhi_orders_api')
  const limits = { identity: 'nhi_sync', resource: ORDERS, actions: ['orders.read'] }
  const key = await test.call('broker.credential.add', { ...limits, kind: 'api-key' })
  await test.call('broker.credential.add', { ...limits, kind: 'webhook-secret' })
  const own: string = (await postSecret(test, secret, { may_act: 'nhi_agent' })).body.access_token
  const exchange = () =>
    post(test, '/oauth/token', {
      ...{ grant_type: EXCHANGE, subject_token: own, subject_token_type: ACCESS, resource: ORDERS },
      ...{ client_id: 'nhi_agent', client_secret: agent.secret },
    })
  test.decisions.letActFor('nhi_agent', 'nhi_sync')
  const delegated: string = (await exchange()).body.access_token
  const isActive = async (token: string): Promise<boolean> =>
    (await post(test, '/oauth/introspect', { client_id: 'nhi_orders_api', client_secret: api.secret, token })).body
      .active
  const webhooks = async (): Promise<number> => {
    const actor = { principalType: 'nhi', id: 'nhi_orders_api', name: 'orders-api' } as const
    const input = { resource: ORDERS, seen: [] }
    return (await test.call('broker.webhook.take', input, { ...adminCaller, roles: [], actor })).secrets.length
  }
  return {
    own,
    delegated,
    key: String(key.secret),
    isActive,
    webhooks,
    exchange,
    issue: () => postSecret(test, secret),
  }
}

onEveryBroker(
  'V4: once an identity is contained nothing of it is worth anything: its tokens, those that others have for it, its API key, what signs its webhooks',
  async (test) => {
    const { own, delegated, key, isActive, webhooks, exchange, issue } = await setUp(test)
    const { room, broker } = test
    const surfaces = async () => ({
      own: await isActive(own),
      delegated: await isActive(delegated),
      key: await isActive(key),
      webhooks: (await webhooks()) > 0,
      exchange: (await exchange()).body.access_token !== undefined,
      issue: (await issue()).body.access_token !== undefined,
    })
    const all = (is: boolean) =>
      Object.fromEntries(['own', 'delegated', 'key', 'webhooks', 'exchange', 'issue'].map((name) => [name, is]))
    assert.deepEqual(await surfaces(), all(true))
    const now = room.clock.now()
    const stop = {
      scope: 'identity',
      id: 'nhi_sync',
      verb: 'quarantine',
      reason: 'test',
      by: null,
      now,
      until: null,
    } as const
    await room.database.write(async (tx) => room.changes.signal(tx, (await broker.stops.stop(tx, stop)).signals))
    await room.changes.catchUp()
    assert.deepEqual(await surfaces(), all(false))
  },
)
