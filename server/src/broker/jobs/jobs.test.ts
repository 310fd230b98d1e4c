import assert from 'node:assert/strict'
import { addSecret, onEveryBroker, post, postSecret, setUpOrders } from '../../../test/broker.ts'
import { countUses, numberEvents, runJob } from '../../../test/broker-jobs.ts'

onEveryBroker('last-used of credentials and instances follows the log, once for each event', async (test) => {
  setUpOrders(test)
  const { id, secret } = await addSecret(test)
  const used = async () => (await test.call('broker.credential.show', { credential: id })).credential.lastUsedAt
  await postSecret(test, secret, { scope: 'orders.write' })
  await numberEvents(test)
  await countUses(test)
  assert.equal(await used(), null, 'a refusal is no use')
  test.room.clock.advance(60_000)
  const at = test.room.clock.now().toISOString()
  await Promise.all(['pod-1', 'pod-2', 'pod-1'].map((instance) => postSecret(test, secret, { instance })))
  await numberEvents(test)
  await countUses(test)
  assert.equal(await used(), at)
  test.room.clock.advance(60_000)
  await countUses(test)
  const { items } = await test.call('broker.instance.list', { identity: 'nhi_sync' })
  assert.deepEqual(
    items.map(({ instance, firstSeenAt, lastSeenAt }: Record<string, string>) => [instance, firstSeenAt, lastSeenAt]),
    [
      ['pod-1', at, at],
      ['pod-2', at, at],
    ],
  )
  const page = { after: undefined, limit: 10 }
  const { items: impacts } = await test.broker.impact.credentials(test.room.database.reader, 'nhi_sync', page)
  const [impact] = impacts
  assert.deepEqual([impact?.id, impact?.lastUsedAt?.toISOString()], [id, at])
})

onEveryBroker('bounded rows: stops, their entries and instances are swept when they have ended', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  const { body } = await postSecret(test, secret)
  await post(test, '/oauth/revoke', { client_id: 'nhi_sync', client_secret: secret, token: body.access_token })
  await test.call('broker.instance.quarantine', { identity: 'nhi_sync', instance: 'pod-1', reason: 'test' })
  const count = async (table: string) =>
    (await test.room.database.reader.selectFrom(table).selectAll().execute()).length
  const counts = () => Promise.all(['broker_stop', 'broker_revocation', 'broker_instance'].map(count))
  await runJob(test, 'broker.sweep')
  assert.deepEqual(await counts(), [2, 2, 1], 'nothing that still matters')
  test.room.clock.advance(40 * 86_400_000)
  await runJob(test, 'broker.sweep')
  assert.deepEqual(await counts(), [1, 0, 1], 'what is quarantined stays known')
})
