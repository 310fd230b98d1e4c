import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAuthorized, policyToJson } from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { rounds } from '../../test/rounds.ts'
import { type EntityUid, uidText } from './entity-uid.ts'
import type { EstClause } from './policy-est.ts'
import { possibilityOf, type World } from './possible.ts'
import type { CedarRecord, Entity } from './request.ts'

const BOT: EntityUid = { type: 'Bot', id: 'b' }
const API: EntityUid = { type: 'Api', id: 'orders' }
const READ: EntityUid = { type: 'Action', id: 'read' }
const TEAM: EntityUid = { type: 'Team', id: 't' }
const entities: Entity[] = [
  {
    uid: BOT,
    attrs: { n: 3, s: 'abc', l: ['x', 'y'], t: true, owner: { __entity: TEAM } },
    parents: [TEAM],
    tags: { k: 'v' },
  },
  { uid: API, attrs: { s: 'xyz', owner: { __entity: TEAM } }, parents: [] },
  { uid: TEAM, attrs: {}, parents: [] },
  { uid: READ, attrs: {}, parents: [] },
]
const byName = new Map(entities.map((entity) => [uidText(entity.uid), entity]))
const world: World = {
  principal: BOT,
  action: READ,
  resource: API,
  entity: (uid) => byName.get(uidText(uid)),
  isIn: (uid, group) => {
    const entity = byName.get(uidText(uid))
    return uidText(uid) === uidText(group) || entity?.parents.some((parent) => uidText(parent) === uidText(group))
  },
}

// Some of these are known, some open, some fail, each alone and under negation, conjunction, disjunction and choice.
const ATOMS = [
  'true',
  'false',
  'context.b',
  'context has b',
  'context has n && context.n > 2',
  'principal.n < 4',
  'principal.n == 4',
  'principal.missing',
  'principal has missing',
  'principal has t && principal.t',
  'resource has n',
  'principal.s like "a*c"',
  'principal.s like "*b"',
  'resource.s == principal.s',
  'principal.l.contains("x")',
  'principal.l.containsAll(["x", "z"])',
  'principal.l.containsAny([principal.s, "y"])',
  'principal.l.isEmpty()',
  'principal in Team::"t"',
  'principal in [resource, Team::"u"]',
  'principal is Bot',
  'principal is Bot in Team::"u"',
  'principal.owner == resource.owner',
  'principal.hasTag("k")',
  'principal.getTag("k") == "v"',
  'principal.getTag("none") == "v"',
  'context.s == principal.s',
  'ip("1.2.3.4") == ip("1.2.3.4")',
  'principal.n + 1 == 4',
  '{a: principal.n} == {a: 3}',
  '[1, 2] == [2, 1, 1]',
  'resource == Api::"orders"',
  'action == Action::"write"',
]
const expression = fc.letrec<{ e: string }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...ATOMS),
    fc.tuple(tie('e'), tie('e')).map(([left, right]) => `(${left}) && (${right})`),
    fc.tuple(tie('e'), tie('e')).map(([left, right]) => `(${left}) || (${right})`),
    tie('e').map((inner) => `!(${inner})`),
    fc.tuple(tie('e'), tie('e'), tie('e')).map(([one, two, three]) => `if (${one}) then (${two}) else (${three})`),
  ),
})).e
const clause = fc.tuple(fc.constantFrom('when', 'unless'), expression).map(([kind, body]) => `${kind} { ${body} }`)
const context: fc.Arbitrary<CedarRecord> = fc.record(
  { b: fc.boolean(), n: fc.integer({ min: 0, max: 5 }), s: fc.constantFrom('abc', 'xyz') },
  { requiredKeys: [] },
)

const isSatisfied = (policy: string, given: CedarRecord): boolean => {
  const answer = isAuthorized({
    principal: BOT,
    action: READ,
    resource: API,
    context: given,
    entities,
    policies: { staticPolicies: { p: policy } },
  })
  assert.equal(answer.type, 'success')
  return answer.type === 'success' && answer.response.decision === 'allow'
}

const conditionsOf = (policy: string): readonly EstClause[] => {
  const read = policyToJson(policy)
  assert.equal(read.type, 'success', policy)
  return read.type === 'success' ? read.json.conditions : []
}

const RUNS = rounds({ quick: 400, full: 1_500 })

test('always and never are what the official engine says under every context', () => {
  const counts = { always: 0, never: 0, sometimes: 0 }
  fc.assert(
    fc.property(
      fc.array(clause, { minLength: 1, maxLength: 2 }),
      fc.array(context, { minLength: 4, maxLength: 4 }),
      (clauses, contexts) => {
        const policy = `permit (principal, action, resource) ${clauses.join(' ')};`
        const possibility = possibilityOf(conditionsOf(policy), world)
        counts[possibility]++
        if (possibility === 'sometimes') return
        for (const given of contexts) assert.equal(isSatisfied(policy, given), possibility === 'always', policy)
      },
    ),
    { numRuns: RUNS },
  )
  // A judge that always says `sometimes` keeps its promises and is of no use.
  assert.ok(counts.always > RUNS / 15 && counts.never > RUNS / 15, JSON.stringify(counts))
})

test('what is known is told, one by one', () => {
  for (const [body, expected] of [
    ['principal.n < 4', 'always'],
    ['principal.missing == 1', 'never'],
    ['context.b && principal.n == 4', 'never'],
    ['principal.n == 3 || context.b', 'always'],
    ['context.b || principal.n == 3', 'sometimes'],
    ['context.b', 'sometimes'],
    ['principal.l == ["y", "x"]', 'always'],
  ] as const)
    assert.equal(
      possibilityOf(conditionsOf(`permit (principal, action, resource) when { ${body} };`), world),
      expected,
      body,
    )
})

test('without a principal nothing is promised of it, and what the resource settles is', () => {
  const { principal: _, ...open } = world
  const of = (body: string) =>
    possibilityOf(conditionsOf(`permit (principal, action, resource) when { ${body} };`), open)
  assert.deepEqual(
    [of('principal.n == 4'), of('resource.s == "xyz"'), of('principal.n == 4 && resource.s == "no"')],
    ['sometimes', 'always', 'never'],
  )
})
