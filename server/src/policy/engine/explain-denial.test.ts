import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CedarRecord, Request } from '@reeve/cedar'
import { compileEngine, type Engine, explainDenial, grantPolicy, policiesFromText, schemaFor } from './index.ts'

const schema = (() => {
  const made = schemaFor({
    resources: [{ name: 'orders', actions: ['orders.read', 'orders.write'] }],
    operations: [{ name: 'inventory.identity.create', resourceTypes: ['Team'] }],
  })
  assert.ok(made.ok)
  return made.schema
})()

const engineOf = (text: string): Engine => {
  const compiled = compileEngine({ policies: policiesFromText(text, 'test'), schema })
  assert.ok(compiled.ok, JSON.stringify(compiled))
  return compiled.engine
}

const asking = (context: CedarRecord = {}, more: Partial<Request> = {}): Request => ({
  principal: { type: 'Reeve::Identity', id: 'nhi_1' },
  action: { type: 'Reeve::Action', id: 'orders.read' },
  resource: { type: 'Reeve::Resource', id: 'orders' },
  context: { now: { __extn: { fn: 'datetime', arg: '2026-06-01T12:00:00.000Z' } }, ...context },
  entities: [
    {
      uid: { type: 'Reeve::Identity', id: 'nhi_1' },
      attrs: { name: 'sync', kind: 'bot', environment: 'test', tier: 'low' },
      parents: [],
    },
    {
      uid: { type: 'Reeve::Resource', id: 'orders' },
      attrs: { uri: 'https://o', environment: 'production', sensitivity: 'internal' },
      parents: [],
    },
  ],
  ...more,
})

const NAMES = { identity: 'orders-sync', expiresAt: new Date('2026-09-01T00:00:00Z') }
const ISOLATION =
  '@id("isolation") forbid (principal is Reeve::Identity, action, resource is Reeve::Resource) unless { principal.environment == resource.environment };'

test('where nothing speaks of the request, the smallest grant is proposed, and applying it flips the decision', () => {
  const engine = engineOf('')
  const { remedy } = explainDenial(engine, asking(), NAMES)
  assert.ok(remedy.grant)
  assert.deepEqual(remedy.grant, { identity: 'nhi_1', resource: 'orders', actions: ['orders.read'] })
  assert.equal(
    remedy.yaml,
    '- identity: "orders-sync"\n  resource: "orders"\n  actions: ["orders.read"]\n  expiresAt: "2026-09-01T00:00:00.000Z"\n',
  )
  const made = grantPolicy({ id: 'gra_1', ...remedy.grant, expiresAt: NAMES.expiresAt })
  assert.ok(made.ok)
  const granted = engine.with({ add: [made.policy] })
  assert.ok(granted.ok)
  assert.equal(engine.decide(asking()).outcome, 'deny')
  assert.equal(granted.engine.decide(asking()).outcome, 'allow')
  assert.equal(
    granted.engine.decide(asking({}, { action: { type: 'Reeve::Action', id: 'orders.write' } })).outcome,
    'deny',
  )
})

const failing: [string, string, { kind: string; text: string; missing: string[]; error?: true }][] = [
  [
    'a missing fact',
    'when { context has sourceIp && context.sourceIp.isInRange(ip("10.0.0.0/8")) }',
    { kind: 'when', text: 'context has sourceIp', missing: ['context.sourceIp'] },
  ],
  [
    'the second part of a condition',
    'when { principal.kind == "bot" && principal.tier == "high" && principal.name == "x" }',
    { kind: 'when', text: 'principal.tier == "high"', missing: [] },
  ],
  [
    'the second condition',
    'when { true } when { principal.kind == "agent" }',
    { kind: 'when', text: 'principal.kind == "agent"', missing: [] },
  ],
  [
    'an unless',
    'when { true } unless { principal.kind == "bot" || principal.tier == "x" }',
    { kind: 'unless', text: '(principal.kind == "bot") || (principal.tier == "x")', missing: [] },
  ],
  [
    'a condition that overflows',
    'when { 9007199254740991 * 9007199254740991 > 0 }',
    { kind: 'when', text: '(9007199254740991 * 9007199254740991) > 0', missing: [], error: true },
  ],
  [
    'a group of actions',
    'when { action in Reeve::Action::"access:read" }',
    { kind: 'when', text: 'action in Reeve::Action::"access:read"', missing: [] },
  ],
]

for (const [name, condition, expected] of failing) {
  test(`a permit in scope is named with the part that failed: ${name}`, () => {
    const engine = engineOf(
      `@id("p") permit (principal is Reeve::Identity, action == Reeve::Action::"orders.read", resource) ${condition};`,
    )
    const { notGivenBy } = explainDenial(engine, asking(), NAMES)
    const [one] = notGivenBy
    assert.ok(one && notGivenBy.length === 1)
    const { error, ...failed } = one.failed
    assert.deepEqual({ ...failed, ...(error === undefined ? {} : { error: true }) }, expected)
  })
}

test('a permit whose numbers are too large to be taken apart is named, and nothing false is said of it', () => {
  const engine = engineOf(
    '@id("p") permit (principal, action, resource) when { 9007199254740993 > 9007199254740992 } when { false };',
  )
  const { notGivenBy } = explainDenial(engine, asking(), NAMES)
  assert.deepEqual(notGivenBy[0]?.failed, { kind: 'when', text: '', error: 'cannot be judged in parts', missing: [] })
})

test('what a guardrail forbids, no grant can give, and the guardrail is named', () => {
  const engine = engineOf(ISOLATION)
  const told = explainDenial(engine, asking(), NAMES)
  assert.deepEqual(told.forbiddenBy, [{ policy: 'isolation', kind: 'policy' }])
  assert.deepEqual(told.remedy, { grant: undefined, reason: 'no grant can: forbidden by isolation' })
})

test('a critical forbid that could not be judged is named with its error', () => {
  const engine = engineOf(
    '@id("c") @critical forbid (principal is Reeve::Identity, action, resource) when { 9223372036854775807 + 1 > 0 };',
  )
  const { forbiddenBy, remedy } = explainDenial(engine, asking(), NAMES)
  assert.equal(forbiddenBy[0]?.policy, 'c')
  assert.match(forbiddenBy[0]?.error ?? '', /overflow/)
  assert.equal(remedy.grant, undefined)
})

const ungrantable: [string, Request][] = [
  ['a person', asking({}, { principal: { type: 'Reeve::Person', id: 'per_1' } })],
  ['what is not a resource', asking({}, { resource: { type: 'Reeve::Team', id: 'team_1' } })],
  ['a request that cannot be judged', asking({ risk: 0.5 })],
  [
    'a time after the grant would end',
    asking({ now: { __extn: { fn: 'datetime', arg: '2027-01-01T00:00:00.000Z' } } }),
  ],
]

for (const [name, request] of ungrantable) {
  test(`no grant is proposed for ${name}, and the reason is told`, () => {
    const { remedy } = explainDenial(engineOf(''), request, NAMES)
    assert.ok(remedy.grant === undefined && remedy.reason.length > 10)
  })
}

test('an allowed request needs no grant', () => {
  const engine = engineOf('permit (principal, action, resource);')
  assert.deepEqual(explainDenial(engine, asking(), NAMES).remedy, {
    grant: undefined,
    reason: 'the request is allowed',
  })
})
