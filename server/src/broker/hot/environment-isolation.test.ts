import assert from 'node:assert/strict'
import { addSecret, onEveryBroker, postSecret, setUpOrders } from '../../../test/broker.ts'

const STAGING = 'https://staging.example.com'

onEveryBroker('an exception from isolation opens the way to one resource of another environment', async (test) => {
  setUpOrders(test)
  const { secret } = await addSecret(test)
  test.decisions.addResource(STAGING, { environment: 'staging' })
  test.decisions.grant('nhi_sync', STAGING, ['orders.read'])
  assert.equal((await postSecret(test, secret, { resource: STAGING })).status, 400)
  test.decisions.exempt('nhi_sync', STAGING)
  assert.equal((await postSecret(test, secret, { resource: STAGING })).status, 200)
})

onEveryBroker(
  'another environment is refused by a recorded decision, and answered as if the resource were not there',
  async (test) => {
    setUpOrders(test)
    const { secret } = await addSecret(test)
    test.decisions.addResource(STAGING, { environment: 'staging' })
    for (const scope of ['orders.read', 'orders.made-up']) {
      const { body } = await postSecret(test, secret, { resource: STAGING, scope })
      assert.deepEqual(
        [body.error, body.code, body.decision_id],
        ['invalid_target', 'resource_not_registered', 'dec_fake'],
        scope,
      )
    }
    const refused = (await test.room.events()).filter(({ outcome }) => outcome === 'refused')
    assert.deepEqual(
      refused.map(({ decision }) => decision?.policies),
      [['reeve:environment-isolation'], ['reeve:environment-isolation']],
    )
  },
)
