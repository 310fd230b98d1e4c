import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileEngine, policiesFromText, schemaFor } from './index.ts'

const OPERATIONS = [
  { name: 'inventory.identity.create', resourceTypes: ['Team', 'Deployment'], access: 'write' as const },
  { name: 'observe.finding.list', resourceTypes: ['Finding'], access: 'read' as const },
]

const schema = (() => {
  const made = schemaFor({
    resources: [
      {
        name: 'orders',
        actions: [{ name: 'orders.read', access: 'read' }, 'orders.ship'],
        facts: { ticket: 'string', at: 'datetime' },
      },
      { name: 'archive', actions: [{ name: 'orders.read', access: 'read' }], facts: { ticket: 'string' } },
    ],
    operations: OPERATIONS,
  })
  assert.ok(made.ok, JSON.stringify(made))
  return made.schema
})()

const compile = (text: string) => compileEngine({ policies: policiesFromText(text, 'test'), schema })

const sound = [
  'permit (principal is Reeve::Identity, action == Reeve::Action::"orders.read", resource is Reeve::Resource) when { principal.environment == resource.environment };',
  'permit (principal in Reeve::Team::"t", action in Reeve::Action::"access:read", resource);',
  'forbid (principal is Reeve::Identity, action in Reeve::Action::"access:write", resource) unless { principal has owner && principal.hasTag("ticket") };',
  'permit (principal is Reeve::Person, action == Reeve::Action::"inventory.identity.create", resource is Reeve::Team) when { principal.roles.contains("admin") || (principal has teamRoles && principal.teamRoles.contains({ role: "owner", team: resource })) };',
  'permit (principal is Reeve::Person, action == Reeve::Action::"observe.finding.list", resource is Reeve::Finding) when { resource has owner && principal.teams.contains(resource.owner) };',
  'forbid (principal, action, resource) when { context.now > datetime("2026-12-24") && context.now.toTime() < duration("6h") };',
  'forbid (principal, action, resource) unless { context has sourceIp && context.sourceIp.isInRange(ip("10.0.0.0/8")) };',
  'forbid (principal, action, resource) when { context has credentialCreatedAt && context.now.durationSince(context.credentialCreatedAt) > duration("1h") };',
  'forbid (principal, action, resource) when { context has request.ticket && context.request.ticket == "" };',
  'forbid (principal, action, resource) when { context has requested.scopes && context.requested.scopes.contains("admin") };',
  'forbid (principal, action == Reeve::Action::"orders.ship", resource) unless { context has approval && context has risk && context.risk < 50 };',
]

for (const text of sound) {
  test(`a policy of this shape type-checks on the generated schema: ${text.slice(0, 90)}`, () => {
    const compiled = compile(text)
    assert.ok(compiled.ok, JSON.stringify(compiled))
    assert.deepEqual(compiled.engine.warnings, [])
  })
}

const unsound: [string, string][] = [
  ['an action that nobody registered', 'permit (principal, action == Reeve::Action::"orders.burn", resource);'],
  ['an optional fact without has', 'forbid (principal, action, resource) when { context.sourceIp.isLoopback() };'],
  [
    'a fact that no resource declared',
    'forbid (principal, action, resource) when { context has request.mood && context.request.mood == "bad" };',
  ],
  [
    'a fact of the caller read where the facts of the server are',
    'forbid (principal, action, resource) when { context has ticket && context.ticket == "x" && context.ticket > 1 };',
  ],
  [
    'a tag compared with a number',
    'forbid (principal is Reeve::Identity, action, resource) when { principal.hasTag("a") && principal.getTag("a") == 1 };',
  ],
]

for (const [name, text] of unsound) {
  test(`a policy with a mistake does not pass the generated schema: ${name}`, () => {
    const compiled = compile(text)
    assert.ok(!compiled.ok || compiled.engine.warnings.length > 0)
  })
}

const refused: [string, Parameters<typeof schemaFor>[0]][] = [
  [
    'a resource that takes the name of an operation',
    { resources: [{ name: 'evil', actions: ['inventory.identity.create'] }], operations: OPERATIONS },
  ],
  ['a resource that takes the name of a group', { resources: [{ name: 'evil', actions: ['access:read'] }] }],
  ['an action without a name', { resources: [{ name: 'evil', actions: [''] }] }],
  ['an action with half a character', { resources: [{ name: 'evil', actions: ['\ud800'] }] }],
  ['a fact with an improper name', { resources: [{ name: 'evil', actions: [], facts: { 'a b': 'string' } }] }],
  [
    'a fact that names the prototype',
    { resources: [{ name: 'evil', actions: [], facts: { ['__proto__']: 'string' } }] },
  ],
  [
    'a fact with two types',
    {
      resources: [
        { name: 'a', actions: [], facts: { x: 'string' } },
        { name: 'b', actions: [], facts: { x: 'long' } },
      ],
    },
  ],
  ['an operation on an improper type', { resources: [], operations: [{ name: 'x', resourceTypes: ['a b'] }] }],
]

for (const [name, input] of refused) {
  test(`a schema is not generated from ${name}`, () => {
    const made = schemaFor(input)
    assert.ok(!made.ok && made.problems.length > 0)
  })
}

test('names with any characters make a schema that the official engine reads', () => {
  const made = schemaFor({
    resources: [{ name: 'x', actions: ['"', '\\', 'a b', '\n', 'é', '*', '__proto__', 'constructor'] }],
  })
  assert.ok(made.ok)
  assert.ok(compileEngine({ policies: [], schema: made.schema }).ok)
})

test('an action that two resources share is in the groups of both', () => {
  const made = schemaFor({
    resources: [
      { name: 'a', actions: [{ name: 'get', access: 'read' }] },
      { name: 'b', actions: [{ name: 'get', access: 'admin' }] },
    ],
  })
  assert.ok(made.ok)
  assert.deepEqual(made.schema.Reeve?.actions.get?.memberOf, [{ id: 'access:read' }, { id: 'access:admin' }])
})
