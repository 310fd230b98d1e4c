import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../../kit/random.ts'
import { makeClientSecret } from '../client-secret.ts'
import { authenticateClient } from './authenticate-client.ts'
import { refusedBy } from './hot-event.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))
const known = { subject: { id: 'nhi_known', owner: { id: 'team_a' } }, credentials: [] }

for (const isLimited of [false, true])
  test(`who is known and who is not is refused on the same step, however long it took to find out and to record${isLimited ? ', over the limit as well' : ''}`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    for (const [clientId, tookMs, recordMs] of [
      ['nhi_known', 3.4, 7.9],
      ['nhi_unknown', 0.2, 0.3],
    ] as const) {
      let nowMs = 100
      const clock = { monotonicMs: () => nowMs }
      const find = async (id: string) => {
        nowMs += tookMs
        return id === 'nhi_known' ? known : undefined
      }
      const hot = {
        run: async (call: { judge(): Promise<{ value: unknown }> }) => {
          nowMs += recordMs
          return (await call.judge()).value
        },
      }
      const form = new Map([
        ['client_id', clientId],
        ['client_secret', makeClientSecret('production', systemRandom())],
      ])
      const request = { form, source: {}, failed: () => (isLimited ? 5 : 0) }
      const given = { memory: { has: () => false, find, reload: find }, clock }
      const refuse = async () => {
        const proven = await authenticateClient(request as never, given as never)
        assert.ok(!proven.isProven)
        return refusedBy({ hot, clock } as never, request as never, 'broker.token.issue', proven)
      }
      let isAnswered = false
      const answer = refuse().finally(() => {
        isAnswered = true
      })
      await turn()
      // Both at the same millisecond of the clock, whatever it was when they were found out.
      t.mock.timers.tick(125 - Math.floor(nowMs))
      await turn()
      assert.equal(isAnswered, false, clientId)
      t.mock.timers.tick(1)
      await turn()
      assert.equal(isAnswered, true, clientId)
      assert.equal((await answer).code, isLimited ? 'limited' : 'client_not_proven')
    }
  })
