import assert from 'node:assert/strict'
import { addSecret, onEveryBroker, postSecret, setUpOrders, type TestBroker } from '../../../test/broker.ts'

const move = (test: TestBroker, verb: string, instance: string, identity = 'nhi_sync') =>
  test.call(`broker.instance.${verb}`, { identity, instance, reason: 'test' })

onEveryBroker('one instance is stopped while the others go on, also before it was ever seen', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const ask = async (instance: string) => (await postSecret(test, secret, { instance })).body.code ?? 'issued'
  await move(test, 'quarantine', 'pod-1')
  assert.deepEqual([await ask('pod-1'), await ask('pod-2')], ['instance_stopped', 'issued'])
  await assert.rejects(move(test, 'quarantine', 'pod-1'), { code: 'instance_wrong_state' })
  const { items } = await test.call('broker.instance.list', { identity: 'nhi_sync' })
  assert.deepEqual([items[0].instance, items[0].state, items[0].actions], ['pod-1', 'quarantined', ['release']])
  await move(test, 'release', 'pod-1')
  assert.equal(await ask('pod-1'), 'issued')
  await assert.rejects(move(test, 'release', 'pod-1'), { code: 'instance_wrong_state' })
  await assert.rejects(move(test, 'release', 'pod-9'), { code: 'instance_not_found' })
  for (const verb of ['quarantine', 'release'])
    await assert.rejects(move(test, verb, 'pod-1', 'nhi_nobody'), { code: 'identity_not_found' })
})

onEveryBroker('instances are listed by name, page by page', async (test) => {
  setUpOrders(test)
  for (const name of ['pod-3', 'pod-1', 'Pod-2']) await move(test, 'quarantine', name)
  const list = (input: object) => test.call('broker.instance.list', { identity: 'nhi_sync', ...input })
  const first = await list({ limit: 2 })
  const second = await list({ limit: 2, cursor: first.nextCursor })
  const names = [...first.items, ...second.items].map(({ instance }: { instance: string }) => instance)
  assert.deepEqual(names, ['Pod-2', 'pod-1', 'pod-3'])
  assert.equal(second.nextCursor, null)
  await assert.rejects(test.call('broker.instance.list', { identity: 'nhi_nobody' }), { code: 'identity_not_found' })
})
