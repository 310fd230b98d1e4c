import assert from 'node:assert/strict'
import { addSecret, onEveryBroker, postSecret, setUpOrders } from '../../../test/broker.ts'
import { personCaller } from '../../../test/lifecycle.ts'
import { adminCaller } from '../../../test/room.ts'

const placer = personCaller('per_placer', { role: 'owner', team: 'team_orders' })
const stranger = personCaller('per_stranger', { role: 'owner', team: null })
const security = personCaller('per_security', { role: 'approver', team: null })
const REASON = 'seen in a public repository'

onEveryBroker(
  'a quarantine is ended by who placed it or by security, at every scope of the broker',
  async (test, t) => {
    const { call } = test
    setUpOrders(test)
    const identity = 'nhi_sync'
    const { id: credential, secret } = await addSecret(test)
    const { body } = await postSecret(test, secret)
    const scopes = [
      ['credential', { credential }],
      ['instance', { identity, instance: 'pod-1' }],
      ['token', { token: body.access_token }],
    ] as const
    for (const [scope, target] of scopes)
      await t.test(scope, async () => {
        const quarantine = (by: typeof placer) => call(`broker.${scope}.quarantine`, { ...target, reason: REASON }, by)
        const release = (by: typeof placer) => call(`broker.${scope}.release`, { ...target, reason: 'replaced' }, by)
        for (const releaser of [placer, security, adminCaller]) {
          await quarantine(placer)
          await assert.rejects(release(stranger), { code: 'release_not_yours' })
          await release(releaser)
        }
      })
    await t.test('a token that two people quarantined is neither one’s to release', async () => {
      const target = { token: body.access_token, reason: REASON }
      await call('broker.token.quarantine', target, stranger)
      await call('broker.token.quarantine', target, placer)
      for (const one of [placer, stranger])
        await assert.rejects(call('broker.token.release', target, one), { code: 'release_not_yours' })
      await call('broker.token.release', target, security)
    })
  },
)
