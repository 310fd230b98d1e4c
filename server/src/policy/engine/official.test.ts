import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { callOfficial } from './official.ts'

const PLAIN = 'permit (principal, action, resource);'
// Deeper than its stack.
const DEEP = `permit (principal, action, resource) when { ${'if true then '.repeat(3_000)}true${' else true'.repeat(3_000)} };`

test('an engine that breaks is made anew, and the one that others loaded lives on', () => {
  assert.equal(cedar.policyToJson(PLAIN).type, 'success')
  assert.equal(callOfficial(({ policyToJson }) => policyToJson(PLAIN)).ok, true)
  assert.equal(callOfficial(({ policyToJson }) => policyToJson(DEEP)).ok, false)
  assert.equal(callOfficial(({ policyToJson }) => policyToJson(PLAIN)).ok, true)
  assert.equal(cedar.policyToJson(PLAIN).type, 'success')
})
