import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasFreeEntity } from './free-entity.ts'
import { readSource } from './read-source.ts'

for (const [condition, expected] of [
  ['principal == Reeve::Identity::"a"', false],
  ['principal in Reeve::Team::"a"', false],
  ['principal in [Reeve::Team::"a", Reeve::Team::"b"]', false],
  ['principal.name == "a" && context has owner', false],
  ['Reeve::Resource::"a" in Reeve::Deployment::"reeve"', true],
  ['Reeve::Resource::"a" has uri', true],
  ['Reeve::Resource::"a".uri == principal.name', true],
  ['principal.name == Reeve::Resource::"a".name', true],
  ['principal in [Reeve::Resource::"a".owner]', true],
  ['[Reeve::Team::"a"].contains(principal.owner)', true],
  ['principal.name == "x" || Reeve::Resource::"a" has uri', true],
] as const)
  test(`${condition} ${expected ? 'looks' : 'does not look'} at an entity that it names`, () => {
    const est = readSource(`permit (principal, action, resource) when { ${condition} };`)
    assert.ok(est !== undefined)
    assert.equal(hasFreeEntity(est.conditions.map(({ body }) => body)), expected)
  })
