import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from './read-source.ts'
import { separationOfPermit } from './separation-policy.ts'

const TERMS = { boundaries: ['external'], sensitivities: ['public'], openTypes: [] }

const forbidOf = (condition: string): string => {
  const est = readSource(`permit (principal is Reeve::Identity, action, resource) when { ${condition} };`)
  assert.ok(est !== undefined)
  return separationOfPermit({ id: 'p', est, origin: {} }, TERMS).text
}

test('a forbid that a permit brings is for whom the permit is, and for more where a number of it cannot be written', () => {
  assert.match(forbidOf('principal.level == 7'), /principal\.level == 7/)
  // Rounded it would be for somebody else, and the permit for whom it is would stand alone.
  assert.doesNotMatch(forbidOf('principal.level == 9007199254740993'), /principal\.level/)
})
