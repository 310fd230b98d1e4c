import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../../kit/random.ts'
import { hashSecret, makeClientSecret } from '../client-secret.ts'
import { authenticateClient } from './authenticate-client.ts'
import { refusedBy } from './hot-event.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))
const known = { subject: { id: 'nhi_known', owner: { id: 'team_a' } }, credentials: [] }
const STEP_MS = 25

for (const isLimited of [false, true])
  test(`who is known and who is not is refused on the same step, however long it took to find out and to record${isLimited ? ', over the limit as well' : ''}`, async (t) => {
    t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
    for (const [clientId, tookMs, recordMs, steps] of [
      ['nhi_known', 3, 8, 1],
      ['nhi_unknown', 1, 0, 1],
      ['nhi_known', 29, 5, 2],
      ['nhi_unknown', 26, 1, 2],
    ] as const) {
      let spentMs = 0
      const pass = (ms: number): void => {
        spentMs += ms
        t.mock.timers.tick(ms)
      }
      const find = async (id: string) => {
        pass(tookMs)
        return id === 'nhi_known' ? known : undefined
      }
      const hot = {
        run: async (call: { judge(): Promise<{ value: unknown }> }) => {
          pass(recordMs)
          return (await call.judge()).value
        },
      }
      const form = new Map([
        ['client_id', clientId],
        ['client_secret', makeClientSecret('production', systemRandom())],
      ])
      const request = { form, source: {}, failed: () => (isLimited ? 5 : 0) }
      const refuse = async () => {
        const proven = await authenticateClient(request as never, { memory: { has: () => false, find } } as never)
        assert.ok(!proven.isProven)
        return refusedBy({ hot } as never, request as never, 'broker.token.issue', proven)
      }
      let isAnswered = false
      const answer = refuse().finally(() => {
        isAnswered = true
      })
      await turn()
      pass(steps * STEP_MS - 1 - spentMs)
      await turn()
      assert.equal(isAnswered, false, clientId)
      pass(1)
      await turn()
      assert.equal(isAnswered, true, clientId)
      assert.equal((await answer).code, isLimited ? 'limited' : 'client_not_proven')
    }
  })

test('no steps go on once the request is over, whoever it was and whatever failed', async (t) => {
  const began = t.mock.method(globalThis, 'setInterval')
  const ended = t.mock.method(globalThis, 'clearInterval')
  t.after(() => {
    for (const { result } of began.mock.calls) clearInterval(result)
  })
  const form = new Map([
    ['client_id', 'nhi_known'],
    ['client_secret', makeClientSecret('production', systemRandom())],
  ])
  const request = { form, source: {}, failed: () => 0 } as never
  const gone = async () => {
    throw new Error('the database is gone')
  }
  await assert.rejects(authenticateClient(request, { memory: { has: () => false, find: gone } } as never))
  assert.deepEqual([began.mock.callCount(), ended.mock.callCount()], [1, 1])
  const secretDigest = Buffer.from(hashSecret(form.get('client_secret') ?? ''), 'base64url')
  const holder = async () => ({ ...known, credentials: [{ kind: 'client-secret', secretDigest }] })
  const right = await authenticateClient(request, { memory: { has: () => false, find: holder } } as never)
  assert.ok(right.isProven)
  assert.deepEqual([began.mock.callCount(), ended.mock.callCount()], [2, 2])
  const find = async () => undefined
  const proven = await authenticateClient(request, { memory: { has: () => false, find } } as never)
  assert.ok(!proven.isProven)
  await assert.rejects(refusedBy({ hot: { run: gone } } as never, request, 'broker.token.issue', proven))
  assert.deepEqual([began.mock.callCount(), ended.mock.callCount()], [3, 3])
})
