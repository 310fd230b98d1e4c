import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics, measureIdentities, measureKeys } from './metrics.ts'

test('while the database is away, what it would tell is left out, and all else is measured', async () => {
  const metrics = createMetrics('1.2.3')
  let isAway = false
  const read = async <T>(value: T): Promise<T> => {
    if (isAway) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    return value
  }
  measureIdentities(metrics, () => read([{ kind: 'bot', state: 'active', identities: 7 }]))
  measureKeys(metrics, () => read(new Map([['ES256', 1_000]])))
  const found = async () => (await metrics.registry.metrics()).match(/^reeve_(identities|keys|build)\S* \S+$/gm)?.sort()
  const build = 'reeve_build_info{version="1.2.3"} 1'
  const ofDatabase = [
    'reeve_identities{type="bot",state="active"} 7',
    'reeve_keys_expiry_timestamp_seconds{use="ES256"} 1',
  ]
  assert.deepEqual(await found(), [build, ...ofDatabase])
  isAway = true
  assert.deepEqual(await found(), [build])
  isAway = false
  assert.deepEqual(await found(), [build, ...ofDatabase])
})
