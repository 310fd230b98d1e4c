import assert from 'node:assert/strict'
import { addSecret, onEveryBroker, setUpOrders } from '../../../test/broker.ts'
import { adminCaller } from '../../../test/room.ts'

const verifier = (instance: string | null, id = 'nhi_orders_api') => ({
  ...adminCaller,
  roles: [],
  actor: { principalType: 'nhi', id, name: id.replace('nhi_', '') } as const,
  instance,
})

onEveryBroker(
  'a quarantine names the verifiers that have not confirmed it, and they leave the list when they do',
  async (test) => {
    setUpOrders(test)
    const { id } = await addSecret(test)
    const confirm = (seq: number, caller = verifier('pod-1')) => test.call('broker.verifier.confirm', { seq }, caller)
    await confirm(0)
    await confirm(0, verifier(null))
    const { seq, unconfirmed } = await test.call('broker.credential.quarantine', { credential: id, reason: 'test' })
    assert.deepEqual(unconfirmed, ['orders_api', 'orders_api/pod-1'])
    const left = () => test.broker.stops.unconfirmed(test.room.database.reader, seq, test.room.clock.now())
    await confirm(seq)
    assert.deepEqual(await left(), ['orders_api'])
    await confirm(0)
    assert.deepEqual(await left(), ['orders_api'], 'a late confirmation takes nothing back')
    test.room.clock.advance(8 * 86_400_000)
    assert.deepEqual(await left(), [], 'who was not heard of for a week is not waited for')
  },
)

onEveryBroker('only who serves a resource confirms, and nothing that the feed has not said', async (test) => {
  setUpOrders(test)
  const input = { seq: 0 }
  await assert.rejects(test.call('broker.verifier.confirm', input, verifier(null, 'nhi_sync')), {
    code: 'verifier_not_known',
  })
  await assert.rejects(test.call('broker.verifier.confirm', { seq: 1 }, verifier(null)), { code: 'verifier_ahead' })
  await assert.rejects(test.call('broker.verifier.confirm', input), { code: 'wrong_principal_type' })
})
