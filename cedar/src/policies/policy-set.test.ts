import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from '../../test/official.ts'
import { compilePolicies, linkTemplate, type PolicySet, prepareEntities, type Request } from '../index.ts'

const setOf = (...texts: string[]): PolicySet => {
  const compiled = compilePolicies(texts.map((text, at) => ({ id: `p${at}`, est: parse(text) })))
  assert.ok(compiled.ok, JSON.stringify(compiled))
  return compiled.policies
}

const user = { type: 'User', id: 'ann' }
const asking = (more: Partial<Request> = {}): Request => ({
  principal: user,
  action: { type: 'Action', id: 'read' },
  resource: { type: 'Doc', id: 'a' },
  context: {},
  entities: [],
  ...more,
})

const PERMIT = 'permit (principal, action, resource);'
const FAILING = 'forbid (principal, action, resource) when { context.absent };'

test('a forbid that fails is skipped and told; one that is critical denies by failing (P8)', () => {
  const skipped = setOf(PERMIT, FAILING).decide(asking())
  assert.deepEqual(
    [skipped.decision, skipped.policies, skipped.errors.map((one) => one.policy)],
    ['allow', ['p0'], ['p1']],
  )
  const critical = setOf(PERMIT, `@critical ${FAILING}`).decide(asking())
  assert.deepEqual([critical.decision, critical.policies], ['deny', ['p1']])
  assert.equal(setOf(PERMIT, `@critical("false") ${FAILING}`).decide(asking()).decision, 'allow')
  const flagged = compilePolicies([
    { id: 'a', est: parse(PERMIT) },
    { id: 'b', est: parse(FAILING), isCritical: true },
  ])
  assert.ok(flagged.ok)
  assert.equal(flagged.policies.decide(asking()).decision, 'deny')
})

test('a permit cannot be critical, two policies cannot have one id, and a template must be linked', () => {
  const est = parse(PERMIT)
  const template = parse('permit (principal == ?principal, action, resource in ?resource);', true)
  assert.equal(compilePolicies([{ id: 'a', est, isCritical: true }]).ok, false)
  assert.equal(
    compilePolicies([
      { id: 'a', est },
      { id: 'a', est },
    ]).ok,
    false,
  )
  assert.equal(compilePolicies([{ id: 'a', est: template }]).ok, false)
  const linked = linkTemplate(template, { '?principal': user, '?resource': { type: 'Doc', id: 'a' } })
  assert.ok(linked.ok)
  const compiled = compilePolicies([{ id: 'a', est: linked.est }])
  assert.ok(compiled.ok)
  assert.equal(compiled.policies.decide(asking()).decision, 'allow')
  assert.equal(compiled.policies.decide(asking({ principal: { type: 'User', id: 'bob' } })).decision, 'deny')
  assert.equal(linkTemplate(template, { '?principal': user }).ok, false)
  assert.equal(linkTemplate(template, { '?principal': user, '?resource': user, '?action': user }).ok, false)
})

const cyclic: Record<string, unknown> = {}
cyclic.self = cyclic
let deep: unknown = 1
for (let depth = 0; depth < 20_000; depth++) deep = { a: deep }
const angry = new Proxy({}, { get: () => assert.fail('no'), ownKeys: () => assert.fail('no') })
const hostile: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a text', 'permit'],
  ['no entities', { ...asking(), entities: undefined }],
  ['an entity that is null', asking(Object.fromEntries([['entities', [null]]]))],
  ['a list with a hole', { ...asking(), entities: new Array(1) }],
  ['no context', { ...asking(), context: null }],
  ['a context that is a list', { ...asking(), context: [] }],
  ['a context that is an entity', { ...asking(), context: { __entity: user } }],
  ['a null within', { ...asking(), context: { a: [null] } }],
  ['a value that holds itself', { ...asking(), context: cyclic }],
  ['20,000 levels', { ...asking(), context: { deep } }],
  ['a date', { ...asking(), context: { at: new Date(0) } }],
  ['a function', { ...asking(), context: { at: () => 1 } }],
  ['half a character', { ...asking(), context: { a: '\ud800' } }],
  ['half a character in a name', { ...asking(), principal: { type: 'User', id: '\udc00' } }],
  ['a type that is none', { ...asking(), principal: { type: 'a b', id: '' } }],
  ['a reserved type', { ...asking(), resource: { type: 'A::in', id: '' } }],
  ['an object that throws', angry],
  ['a field that throws', { ...asking(), context: angry }],
  ['a cycle of entities', asking({ entities: [{ uid: user, attrs: {}, parents: [user] }] })],
  ['an unknown function', asking({ context: { a: { __extn: { fn: 'eval', arg: '1' } } } })],
]
for (const [what, request] of hostile)
  test(`a request that cannot be judged is denied and never thrown about: ${what}`, () => {
    const answer = Reflect.apply(setOf(PERMIT).decide, undefined, [request])
    assert.deepEqual([answer.decision, answer.policies, answer.errors.length], ['deny', [], 1])
    assert.equal(answer.errors[0]?.policy, '')
  })

test('whatever is handed in as policies or entities, there is a verdict and never an exception', () => {
  const anything = fc.oneof(
    fc.anything({ withBigInt: true, withNullPrototype: true, withMap: true, withSparseArray: true, maxDepth: 3 }),
    fc.record({
      effect: fc.constant('permit'),
      principal: fc.anything(),
      action: fc.anything(),
      conditions: fc.anything(),
    }),
    fc.record({ uid: fc.constant(user), attrs: fc.anything(), parents: fc.anything(), tags: fc.anything() }),
  )
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 3 }), (things) => {
      const sources = things.map((est) => ({ id: 'p', est }))
      for (const given of [things, sources, things[0]]) {
        assert.equal(typeof Reflect.apply(compilePolicies, undefined, [given]).ok, 'boolean')
        assert.equal(typeof Reflect.apply(prepareEntities, undefined, [given]).ok, 'boolean')
      }
      assert.equal(typeof Reflect.apply(setOf(PERMIT).decide, undefined, [things[0]]).decision, 'string')
    }),
    { numRuns: 2_000, seed: 3 },
  )
})

test('an expression that is nested too deep is refused and not run into the ground', () => {
  let body: { '!': { arg: unknown } } = { '!': { arg: { Value: true } } }
  for (let depth = 0; depth < 100_000; depth++) body = { '!': { arg: body } }
  const est = { ...parse(PERMIT), conditions: [{ kind: 'when' as const, body }] }
  assert.equal(compilePolicies([{ id: 'a', est }]).ok, false)
})

test('a set that named very many things and kept few decides as if it had never known the others', () => {
  const about = (id: string) => ({
    id: `about ${id}`,
    est: parse(`permit (principal, action, resource in Doc::"${id}");`),
  })
  const [kept, ...others] = Array.from({ length: 12_000 }, (_, at) => `doc ${at}`)
  const template = about(kept ?? '').est
  const grown = compilePolicies(
    [kept ?? '', ...others].map((id) => ({
      id: `about ${id}`,
      est: { ...template, resource: { op: 'in' as const, entity: { type: 'Doc', id } } },
    })),
  )
  assert.ok(grown.ok)
  const left = grown.policies.with({ remove: others.map((id) => `about ${id}`), add: [about('new')] })
  assert.ok(left.ok)
  const decided = (id: string) => {
    const { decision, policies, considered } = left.policies.decide(asking({ resource: { type: 'Doc', id } }))
    return [decision, policies, considered]
  }
  assert.deepEqual(decided('doc 0'), ['allow', ['about doc 0'], 1])
  assert.deepEqual(decided('new'), ['allow', ['about new'], 1])
  assert.deepEqual(decided('doc 1'), ['deny', [], 0])
})
