import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeProof } from './proof-table.ts'

test('the table of proofs holds for every kind of identity and tier', () => {
  const secretWhenLow = new Set(['service', 'bot', 'script', 'integration'])
  for (const kind of ['agent', 'bot', 'service', 'script', 'ci-job', 'integration', 'device', 'account', 'unheard-of'])
    for (const tier of ['low', 'medium', 'high'] as const) {
      const expected = tier === 'low' && secretWhenLow.has(kind) ? 'allowed' : 'refused'
      assert.equal(judgeProof({ kind, tier }, 'client-secret'), expected, `${kind} ${tier}`)
      assert.equal(judgeProof({ kind, tier }, 'public-key'), 'allowed', `${kind} ${tier}`)
    }
  assert.equal(judgeProof({ kind: 'ci-job', tier: 'high' }, 'federation'), 'preferred')
  assert.equal(judgeProof({ kind: 'bot', tier: 'high' }, 'workload-identity'), 'preferred')
  assert.equal(judgeProof({ kind: 'device', tier: 'high' }, 'certificate'), 'preferred')
  assert.equal(judgeProof({ kind: 'agent', tier: 'low' }, 'api-key'), 'refused')
  for (const way of ['tls-client-auth', 'self-signed-tls'] as const)
    for (const tier of ['low', 'medium', 'high'] as const) {
      assert.equal(judgeProof({ kind: 'device', tier }, way), 'preferred')
      for (const kind of ['ci-job', 'service', 'bot', 'script', 'integration'])
        assert.equal(judgeProof({ kind, tier }, way), 'allowed', `${kind} ${way}`)
      for (const kind of ['agent', 'account', 'unheard-of']) assert.equal(judgeProof({ kind, tier }, way), 'refused')
    }
})
