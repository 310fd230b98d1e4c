import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showImpact } from './show-stop.ts'

test('whoever is told what a stop breaks is told how many credentials are not named', () => {
  const one = { id: 'crd_1', kind: 'public-key', lastUsedAt: null }
  const shown = (credentialsTotal: unknown) => showImpact({ impact: { credentials: [one], credentialsTotal } })
  assert.match(shown(240), /crd_1 .*\n {2}and 239 more credentials\n/)
  for (const total of [1, 0, undefined, 'x']) assert.doesNotMatch(shown(total), /more/)
})
