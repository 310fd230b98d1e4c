import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../engine/index.ts'
import { whatOfResource } from './what-of-resource.ts'

const lookedAt = (condition: string) => {
  const est = readSource(`permit (principal, action, resource) when { ${condition} };`)
  assert.ok(est !== undefined, condition)
  return whatOfResource(est.conditions)
}

for (const [condition, attributes, isMore] of [
  ['principal.name == "a" && context.risk < 3', [], false],
  ['resource.name == "a"', ['name'], false],
  ['resource has owner && resource.owner.name like "a*"', ['owner'], false],
  [
    '[resource.environment, "x"].contains(principal.environment) || resource.sensitivity == "public"',
    ['environment', 'sensitivity'],
    false,
  ],
  ['resource == Reeve::Resource::"a"', [], true],
  ['resource in Reeve::Deployment::"reeve" && resource.name == "a"', ['name'], true],
  ['resource.hasTag("a")', [], true],
  ['{"a": resource}.a.name == "a"', [], true],
  ['principal in resource', [], true],
  ['action == Reeve::Action::"a"', [], true],
  ['if resource.isCustomerFacing then action in Reeve::Action::"a" else false', ['isCustomerFacing'], true],
] as const)
  test(`what ${condition} looks at of a resource is all that its answer depends on of it`, () => {
    assert.deepEqual(lookedAt(condition), { attributes, isMore })
  })
