import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { rounds } from '../../test/rounds.ts'
import { buildScopeIndex, type Entity, type EntityUid, type PolicyEst, type Request, uidText } from './index.ts'

// A small world, so that requests meet policies often: two types beside the actions, one in a namespace.
const TYPES = ['User', 'Org::Thing']
const uid: fc.Arbitrary<EntityUid> = fc.record({ type: fc.constantFrom(...TYPES), id: fc.constantFrom('a', 'b', 'c"') })
const actionUid: fc.Arbitrary<EntityUid> = fc.record({
  type: fc.constant('Action'),
  id: fc.constantFrom('x', 'y', 'z'),
})

const place = (one: EntityUid): number => TYPES.indexOf(one.type) * 10 + one.id.charCodeAt(0)
// Parents come later in one order of all names, so that the hierarchy has no cycle.
const entity = (names: fc.Arbitrary<EntityUid>): fc.Arbitrary<Entity> =>
  fc.record({ uid: names, parents: fc.array(names, { maxLength: 3 }) }).map(({ uid: name, parents }) => ({
    uid: name,
    attrs: { n: 1 },
    parents: parents.filter((parent) => place(parent) > place(name)),
  }))
const unique = (names: fc.Arbitrary<EntityUid>) =>
  fc.uniqueArray(entity(names), { maxLength: 6, selector: (one) => uidText(one.uid) })
const request: fc.Arbitrary<Request> = fc
  .record({ principal: uid, action: actionUid, resource: uid, entities: unique(uid), actions: unique(actionUid) })
  .map(({ actions, entities, ...rest }) => ({ ...rest, context: {}, entities: [...entities, ...actions] }))

const written = (one: EntityUid): string => `${one.type}::${JSON.stringify(one.id)}`
const about = (variable: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant(variable),
    uid.map((one) => `${variable} == ${written(one)}`),
    uid.map((one) => `${variable} in ${written(one)}`),
    fc.constantFrom(...TYPES).map((type) => `${variable} is ${type}`),
    fc.tuple(fc.constantFrom(...TYPES), uid).map(([type, one]) => `${variable} is ${type} in ${written(one)}`),
  )
const aboutPrincipal = about('principal')
const aboutResource = about('resource')
const aboutAction = fc.oneof(
  fc.constant('action'),
  actionUid.map((one) => `action == ${written(one)}`),
  actionUid.map((one) => `action in ${written(one)}`),
  fc.array(actionUid, { maxLength: 3 }).map((list) => `action in [${list.map(written).join(', ')}]`),
)
const condition = fc.constantFrom(
  '',
  'when { true }',
  'when { false }',
  'when { principal.n == 1 }',
  'unless { context.no }',
)
const policyText = fc
  .tuple(fc.constantFrom('permit', 'permit', 'forbid'), aboutPrincipal, aboutAction, aboutResource, condition)
  .map(([effect, principal, action, resource, when]) => `${effect} (${principal}, ${action}, ${resource}) ${when};`)

interface Indexed {
  id: string
  text: string
  est: PolicyEst
}

const indexed = (texts: string[]): Indexed[] =>
  texts.map((text, at) => {
    const parsed = cedar.policyToJson(text)
    if (parsed.type === 'failure') throw new Error(`${parsed.errors[0]?.message}: ${text}`)
    return { id: `p${at}`, text, est: parsed.json }
  })

/** Asks the official engine about requests on these policies, which it reads once. */
const officiallyOn = (policies: Indexed[]) => {
  const staticPolicies = Object.fromEntries(policies.map((policy) => [policy.id, policy.text]))
  const parsed = cedar.preparsePolicySet(SET, { staticPolicies })
  if (parsed.type === 'failure') throw new Error(parsed.errors[0]?.message)
  return (request: Request) => {
    const { principal, action, resource, context, entities } = request
    return told(
      cedar.statefulIsAuthorized({ principal, action, resource, context, entities, preparsedPolicySetId: SET }),
    )
  }
}
const SET = 'scope-index'

const officially = ({ principal, action, resource, context, entities }: Request, policies: Indexed[]) => {
  const staticPolicies = Object.fromEntries(policies.map((policy) => [policy.id, policy.text]))
  return told(cedar.isAuthorized({ principal, action, resource, context, entities, policies: { staticPolicies } }))
}

const told = (answer: cedar.AuthorizationAnswer) => {
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message)
  const { decision, diagnostics } = answer.response
  const errors = diagnostics.errors.map((error) => error.policyId)
  return { decision, reason: diagnostics.reason.toSorted(), errors: errors.toSorted() }
}

const SETS = rounds({ quick: 80, full: 400 })
const REQUESTS_EACH = 10
const REQUESTS = SETS * REQUESTS_EACH

test(`the official engine answers ${REQUESTS} requests on the slice exactly as on all policies: decision, reasons, errors`, (t) => {
  const met = { allow: 0, deny: 0, considered: 0, all: 0 }
  const policySets = fc.array(policyText, { minLength: 5, maxLength: 60 })
  const requests = fc.array(request, { minLength: REQUESTS_EACH, maxLength: REQUESTS_EACH })
  fc.assert(
    fc.property(policySets, requests, (texts, asked) => {
      const policies = indexed(texts)
      const index = buildScopeIndex(policies)
      const onAll = officiallyOn(policies)
      for (const one of asked) {
        const slice = index.candidates(one)
        const full = onAll(one)
        assert.deepEqual(officially(one, slice), full)
        met[full.decision] += 1
        met.considered += slice.length
        met.all += policies.length
      }
    }),
    { numRuns: SETS, seed: 11 },
  )
  t.diagnostic(`allow ${met.allow}, deny ${met.deny}, considered ${met.considered} of ${met.all} policies`)
  assert.ok(Math.min(met.allow, met.deny) > REQUESTS / 8)
})

test('what is found is exactly what matches, also where hundreds of policies speak of everybody', () => {
  const resource = fc.oneof({ weight: 3, arbitrary: fc.constant('resource') }, aboutResource)
  const heads = fc.tuple(
    fc.oneof({ weight: 4, arbitrary: fc.constant('principal') }, aboutPrincipal),
    aboutAction,
    resource,
  )
  const permits = fc.array(heads, { minLength: 60, maxLength: 120 })
  const requests = fc.array(request, { minLength: 10, maxLength: 10 })
  fc.assert(
    fc.property(permits, requests, (chosen, asked) => {
      const policies = indexed(chosen.map((parts) => `permit (${parts.join(', ')});`))
      const index = buildScopeIndex(policies)
      const onAll = officiallyOn(policies)
      for (const one of asked) {
        const found = index.candidates(one).map((policy) => policy.id)
        assert.deepEqual(found.toSorted(), onAll(one).reason)
      }
    }),
    { numRuns: 50, seed: 13 },
  )
})

test('a policy whose head cannot match is not looked at', () => {
  const [mine, ...others] = indexed([
    'permit (principal == User::"a", action == Action::"x", resource in Org::Thing::"c");',
    'permit (principal == User::"b", action, resource);',
    'permit (principal in User::"c", action, resource);',
    'permit (principal is Org::Thing, action, resource);',
    'permit (principal, action == Action::"y", resource);',
    'permit (principal, action in [], resource);',
    'permit (principal, action, resource == Org::Thing::"c");',
  ])
  assert.ok(mine)
  const one = {
    principal: { type: 'User', id: 'a' },
    action: { type: 'Action', id: 'x' },
    resource: { type: 'Org::Thing', id: 'a' },
    context: {},
    entities: [{ uid: { type: 'Org::Thing', id: 'a' }, attrs: {}, parents: [{ type: 'Org::Thing', id: 'c' }] }],
  }
  assert.deepEqual(buildScopeIndex([...others, mine]).candidates(one), [mine])
})

test('an index that was changed step by step finds what an index built at once finds, and the old one stays as it was', () => {
  const step = fc.record({
    add: fc.array(fc.tuple(fc.nat(9), policyText), { maxLength: 4 }),
    remove: fc.array(fc.nat(9), { maxLength: 3 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), request, (steps, asked) => {
      let index = buildScopeIndex<Indexed>([])
      const kept = new Map<string, Indexed>()
      for (const { add, remove } of steps) {
        const before = index
        const frozen = ids(before.candidates(asked))
        const added = add.map(([name, text]) => ({ ...only(indexed([text])), id: `p${name}` }))
        const removed = remove.map((name) => `p${name}`)
        index = index.with({ add: added, remove: removed })
        for (const id of removed) kept.delete(id)
        for (const policy of added) kept.set(policy.id, policy)
        assert.deepEqual(ids(before.candidates(asked)), frozen)
      }
      const fresh = buildScopeIndex([...kept.values()])
      assert.deepEqual(ids(index.candidates(asked)), ids(fresh.candidates(asked)))
      assert.deepEqual(ids([...index.policies()]), ids([...kept.values()]))
      assert.equal(index.size, kept.size)
      for (const [id, policy] of kept) assert.equal(index.get(id), policy)
    }),
    { numRuns: 300, seed: 12 },
  )
})

const ids = (policies: Indexed[]): string[] => policies.map((policy) => `${policy.id} ${policy.text}`).toSorted()
const only = <Item>([item]: Item[]): Item => {
  if (item === undefined) throw new Error('nothing there')
  return item
}

test('a cyclic hierarchy ends the climb instead of the process', () => {
  const a = { type: 'User', id: 'a' }
  const b = { type: 'User', id: 'b' }
  const entities = [
    { uid: a, attrs: {}, parents: [b] },
    { uid: b, attrs: {}, parents: [a] },
  ]
  const policies = indexed(['permit (principal in User::"b", action, resource);'])
  const one = { principal: a, action: { type: 'Action', id: 'x' }, resource: b, context: {}, entities }
  assert.equal(buildScopeIndex(policies).candidates(one).length, 1)
})

test('a policy with slots is a candidate wherever the slot could be filled to match', () => {
  const parsed = cedar.templateToJson('permit (principal == ?principal, action, resource in ?resource);')
  assert.ok(parsed.type === 'success')
  const index = buildScopeIndex([{ id: 't', est: parsed.json }])
  const one = {
    principal: { type: 'User', id: 'a' },
    action: { type: 'Action', id: 'x' },
    resource: { type: 'User', id: 'b' },
  }
  assert.equal(index.candidates({ ...one, context: {}, entities: [] }).length, 1)
})
