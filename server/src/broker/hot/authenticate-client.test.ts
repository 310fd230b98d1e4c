import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../../kit/random.ts'
import { makeClientSecret } from '../client-secret.ts'
import { authenticateClient } from './authenticate-client.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('who is known and who is not is answered on the same step, however long it took to find out', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const known = { subject: { id: 'nhi_known' }, credentials: [] }
  for (const [clientId, tookMs] of [
    ['nhi_known', 3.4],
    ['nhi_unknown', 0.2],
  ] as const) {
    let nowMs = 100
    const find = async (id: string) => {
      nowMs += tookMs
      return id === 'nhi_known' ? known : undefined
    }
    const form = new Map([
      ['client_id', clientId],
      ['client_secret', makeClientSecret('production', systemRandom())],
    ])
    const given = { memory: { has: () => false, find, reload: find }, clock: { monotonicMs: () => nowMs } }
    let isAnswered = false
    const answer = authenticateClient({ form, source: {} } as never, given as never).finally(() => {
      isAnswered = true
    })
    await turn()
    // Both at the same millisecond of the clock, whatever it was when they were found out.
    t.mock.timers.tick(105 - Math.floor(nowMs))
    await turn()
    assert.equal(isAnswered, false, clientId)
    t.mock.timers.tick(1)
    await turn()
    assert.equal(isAnswered, true, clientId)
    assert.equal((await answer).isProven, false)
  }
})
