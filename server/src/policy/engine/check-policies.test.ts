import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPolicies, checkSchema } from './check-policies.ts'
import { schemaFor } from './schema-for.ts'
import type { SourcePolicy } from './source-policy.ts'

const policy = (id: string, text: string): SourcePolicy => ({ id, text, origin: {}, kind: 'policy' })
const schemaWith = (...actions: string[]) => {
  const made = schemaFor({ resources: [{ name: 'orders', actions }] })
  assert.ok(made.ok)
  return made.schema
}
const READS = 'permit (principal, action == Reeve::Action::"orders.read", resource);'
const WRITES = 'permit (principal, action == Reeve::Action::"orders.write", resource);'
const told = (verdict: ReturnType<typeof checkPolicies>) => verdict.problems.map((problem) => problem.policy)

test('what was sound is judged anew under another schema, and what was wrong is told each time', () => {
  const both = [policy('reads', READS), policy('writes', WRITES)]
  const narrow = schemaWith('orders.read')
  for (let time = 0; time < 2; time++) {
    assert.deepEqual(told(checkPolicies(both, schemaWith('orders.read', 'orders.write'))), [])
    assert.deepEqual(told(checkPolicies(both, narrow)), ['writes'])
    assert.deepEqual(told(checkPolicies([policy('reads', WRITES)], narrow)), ['reads'], 'an id says nothing of a text')
    assert.deepEqual(told(checkPolicies([policy('other', READS)], schemaWith('orders.write'))), ['other'])
  }
})

test('a warning is told each time', () => {
  const schema = schemaWith('orders.read')
  const never = policy('never', READS.replace(';', ' when { context.now < context.now && false };'))
  for (let time = 0; time < 2; time++) assert.equal(checkPolicies([never], schema).warnings.length, 1)
})

test('a schema that is not proper is told each time, and nothing is sound under it', () => {
  const broken = 'entity Person in [Nowhere];'
  for (let time = 0; time < 2; time++) {
    assert.equal(checkSchema(broken).length, 1)
    assert.equal(checkPolicies([policy('any', 'permit (principal, action, resource);')], broken).problems.length, 1)
    assert.deepEqual(checkSchema(schemaWith('orders.read')), [])
  }
})
