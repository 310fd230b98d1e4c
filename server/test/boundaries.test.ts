import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BOUNDARIES } from '../src/inventory/domain/identity.ts'
import { isOutside as isOutsideInInventory } from '../src/inventory/domain/tier.ts'
import { isOutside } from '../src/policy/domain/separation.ts'

test('the register and the guardrails call the same boundaries outside', () => {
  for (const boundary of BOUNDARIES) assert.equal(isOutsideInInventory(boundary), isOutside(boundary), boundary)
})
