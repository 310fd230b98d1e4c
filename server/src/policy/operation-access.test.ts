import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyOperation } from '../catalogue.ts'
import { operationsInRules } from './builtin-policies.ts'
import { SEEN_BY } from './decide/decide-call.ts'
import { OWNERS_MAY } from './operation-access.ts'

test('every operation that the built-in rules name, that an owner may call, or by which something is seen, exists', () => {
  // What applications ask is answered by the hot pipeline and is no operation, but an action that is decided like one.
  const asked = ['policy.decision.evaluate', 'policy.decision.search']
  const known = new Set([...everyOperation().map(({ name }) => name), ...asked])
  assert.ok(operationsInRules.length > 10 && OWNERS_MAY.size > 10)
  assert.deepEqual(
    [...operationsInRules, ...OWNERS_MAY, ...Object.values(SEEN_BY)].filter((name) => !known.has(name)),
    [],
  )
})
