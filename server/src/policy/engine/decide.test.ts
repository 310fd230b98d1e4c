import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entity, Request } from '@reeve/cedar'
import fc from 'fast-check'
import { trimHeap } from '../../kit/trim-heap.ts'
import { type Answer, compileEngine, type Engine, policiesFromText } from './index.ts'
import { callOfficial, releaseOfficial } from './official.ts'

const SCHEMA = `entity Team in [Team];
entity User in [Team] { name: String, age: Long, boss?: User } tags String;
action "any";
action "read" in ["any"] appliesTo { principal: User, resource: User, context: { n: Long, ip?: ipaddr, said?: { ticket?: String } } };
action "write" appliesTo { principal: User, resource: User, context: { n: Long, ip?: ipaddr, said?: { ticket?: String } } };`

/** Every request of this file is decided by both evaluators, and they must say the same but for the words of an error. */
const engineOf = (text: string): Engine => {
  const policies = policiesFromText(text, 'test')
  const compiled = compileEngine({ policies, schema: SCHEMA })
  const official = compileEngine({ policies, schema: SCHEMA, evaluator: 'official' })
  assert.ok(compiled.ok && official.ok, JSON.stringify(compiled))
  const { engine } = official
  const wordless = (answer: Answer) => ({ ...answer, errors: answer.errors.map((error) => error.policy) })
  const decide = (request: Request): Answer => {
    const answer = compiled.engine.decide(request)
    assert.deepEqual(wordless(answer), wordless(engine.decide(request)))
    return answer
  }
  return { ...compiled.engine, decide }
}

const ann: Entity = {
  uid: { type: 'User', id: 'ann' },
  attrs: { name: 'ann', age: 30 },
  parents: [],
  tags: { team: 'a' },
}
const asking = (more: Partial<Request> = {}): Request => ({
  principal: ann.uid,
  action: { type: 'Action', id: 'read' },
  resource: { type: 'User', id: 'bob' },
  context: { n: 1 },
  entities: [ann, { uid: { type: 'User', id: 'bob' }, attrs: { name: 'bob', age: 3 }, parents: [] }],
  ...more,
})

const PERMIT = '@id("all") permit (principal, action, resource);'
const OVERFLOW = 'context.n + 9223372036854775807 > 0'

test('without a policy that permits it, a request is denied', () => {
  assert.deepEqual(engineOf('').decide(asking()), {
    outcome: 'deny',
    policies: [],
    errors: [],
    missing: [],
    considered: 0,
  })
})

test('an allow names the permits, a deny the forbids, and a forbid wins over any permit', () => {
  assert.deepEqual(engineOf(PERMIT).decide(asking()).policies, ['all'])
  const answer = engineOf(`${PERMIT} @id("no") forbid (principal, action, resource);`).decide(asking())
  assert.deepEqual(answer, { outcome: 'deny', policies: ['no'], errors: [], missing: [], considered: 2 })
})

test('an answer lists the policies that decided in the order of their ids, few or many', () => {
  for (const count of [2, 7, 16, 17, 40]) {
    const ids = Array.from({ length: count }, (_, at) => `p${(at * 3) % count}`)
    const { policies } = engineOf(
      ids.map((id) => `@id("${id}") permit (principal, action, resource);`).join('\n'),
    ).decide(asking())
    assert.deepEqual(policies, ids.toSorted())
  }
})

test('a policy that fails is skipped and reported, and never allows by failing (P8)', () => {
  const permit = engineOf(`@id("bad") permit (principal, action, resource) when { ${OVERFLOW} };`).decide(asking())
  assert.deepEqual([permit.outcome, permit.policies, permit.errors.map((one) => one.policy)], ['deny', [], ['bad']])
  const unless = engineOf(`@id("bad") permit (principal, action, resource) unless { ${OVERFLOW} };`).decide(asking())
  assert.deepEqual([unless.outcome, unless.policies], ['deny', []])
  const forbid = engineOf(`${PERMIT} @id("bad") forbid (principal, action, resource) when { ${OVERFLOW} };`).decide(
    asking(),
  )
  assert.deepEqual(
    [forbid.outcome, forbid.policies, forbid.errors.map((one) => one.policy)],
    ['allow', ['all'], ['bad']],
  )
})

test('a critical forbid that fails denies, whether the annotation or the flag made it critical (P8)', () => {
  const rule = `forbid (principal, action, resource) when { ${OVERFLOW} };`
  const annotated = engineOf(`${PERMIT} @id("bad") @critical ${rule}`).decide(asking())
  assert.deepEqual([annotated.outcome, annotated.policies], ['deny', ['bad']])
  const policies = [
    ...policiesFromText(PERMIT, 'a'),
    { id: 'bad', text: rule, origin: {}, kind: 'builtin' as const, isCritical: true },
  ]
  const flagged = compileEngine({ policies, schema: SCHEMA })
  assert.ok(flagged.ok)
  assert.deepEqual(flagged.engine.decide(asking()).outcome, 'deny')
  assert.equal(flagged.engine.decide(asking({ context: { n: -5 } })).outcome, 'deny')
  const off = engineOf(`${PERMIT} @id("bad") @critical("false") ${rule}`).decide(asking())
  assert.equal(off.outcome, 'allow')
})

test('a denial names the attributes and tags that a permit in scope looked for in vain', () => {
  const engine = engineOf(`
    permit (principal, action, resource) when { context has ip && context.ip.isLoopback() };
    permit (principal, action, resource) when { principal.hasTag("stage") && principal.getTag("stage") == "x" };
    permit (principal, action, resource) when { principal has boss && principal.boss.age > 1 };
    permit (principal, action, resource) when { context has said.ticket && context.said.ticket == "T-1" };
    permit (principal, action, resource) when { principal.age > 99 && principal.hasTag("team") && principal.getTag("team") == "b" } unless { context has said };
    permit (principal == User::"somebody else", action, resource) when { context has ip && resource has boss };`)
  const { missing, outcome } = engine.decide(asking())
  assert.equal(outcome, 'deny')
  assert.deepEqual(missing, ['context.ip', 'context.said', 'principal.boss', 'principal.tags.stage'])
  const some = engine.decide(asking({ context: { n: 1, said: {} } })).missing
  assert.deepEqual(some, ['context.ip', 'context.said.ticket', 'principal.boss', 'principal.tags.stage'])
})

test('what an unless hopes not to find is not called missing', () => {
  const engine = engineOf('permit (principal, action, resource) when { principal.age > 99 } unless { context has ip };')
  assert.deepEqual(engine.decide(asking()).missing, [])
})

test('an allow is not cluttered with what other permits lacked', () => {
  const engine = engineOf(
    `${PERMIT} permit (principal, action, resource) when { context has ip && context.ip.isLoopback() };`,
  )
  assert.deepEqual(engine.decide(asking()).missing, [])
})

test('an entity that the request does not list is told as what was missing', () => {
  const engine = engineOf('@id("a") permit (principal, action, resource) when { principal.age > 17 };')
  const answer = engine.decide(asking({ entities: [] }))
  assert.deepEqual([answer.outcome, answer.missing, answer.errors.length], ['deny', ['principal.age'], 1])
})

test('a group of actions works without the caller listing it', () => {
  const engine = engineOf(
    '@id("group") permit (principal, action in Action::"any", resource) when { action in Action::"any" };',
  )
  assert.deepEqual(engine.decide(asking()).policies, ['group'])
  assert.equal(engine.decide(asking({ action: { type: 'Action', id: 'write' } })).outcome, 'deny')
})

test('whatever is handed in as a request, the answer is a denial and never an exception', () => {
  const engine = engineOf(PERMIT)
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true, withDate: true }),
      (request) => {
        const answer = Reflect.apply(engine.decide, engine, [request])
        assert.equal(answer.outcome, 'deny')
        assert.deepEqual(answer.policies, [])
      },
    ),
    { numRuns: 2_000, seed: 3 },
  )
})

const cyclic: Record<string, unknown> = {}
cyclic.self = cyclic
let deep: unknown = 1
for (let level = 0; level < 100_000; level++) deep = [deep]
const u = { type: 'User', id: 'ann' }
const chain = Array.from({ length: 5_000 }, (_, at) => ({
  uid: { type: 'Team', id: `${at}` },
  attrs: {},
  parents: [{ type: 'Team', id: `${at + 1}` }],
}))

const broken: [string, object][] = [
  ['a cyclic context', { context: cyclic }],
  ['a context 100,000 levels deep', { context: { deep } }],
  ['null in the context', { context: { n: null } }],
  ['half a number', { context: { n: 1.5 } }],
  ['a number beyond what is exact', { context: { n: 2 ** 53 } }],
  ['not a number', { context: { n: Number.NaN } }],
  ['a large integer', { context: { n: 1n } }],
  ['half a character in an id', { principal: { type: 'User', id: '\ud800' } }],
  ['half a character in a name', { context: { '\udfff': 1 } }],
  ['a function', { context: { n: () => 1 } }],
  ['a type that is no type', { principal: { type: 'User::', id: 'a' } }],
  ['a type with blanks', { principal: { type: ' User', id: 'a' } }],
  ['an extension that does not exist', { context: { n: { __extn: { fn: 'eval', arg: '1' } } } }],
  ['an address that is none', { context: { n: { __extn: { fn: 'ip', arg: '999' } } } }],
  [
    'a cyclic hierarchy',
    {
      entities: [
        { uid: u, attrs: {}, parents: [{ type: 'Team', id: 't' }] },
        { uid: { type: 'Team', id: 't' }, attrs: {}, parents: [u] },
      ],
    },
  ],
  ['an entity that is its own parent', { entities: [{ uid: u, attrs: {}, parents: [u] }] }],
  ['an entity told twice in two ways', { entities: [ann, { ...ann, attrs: { name: 'eve', age: 1 } }] }],
  ['an entity without parents', { entities: [{ uid: u, attrs: {} }] }],
  ['an entity that is null', { entities: [null] }],
  ['tags that are null', { entities: [{ ...ann, tags: null }] }],
  ['5,000 entities in a chain', { entities: chain }],
  [
    'a getter that throws',
    {
      get context() {
        throw new Error('no')
      },
    },
  ],
]

for (const [name, part] of broken) {
  test(`a request with something broken in it is denied with an error: ${name}`, () => {
    const engine = engineOf(PERMIT)
    const request = Object.defineProperties({ ...asking() }, Object.getOwnPropertyDescriptors(part))
    const answer = Reflect.apply(engine.decide, engine, [request])
    assert.deepEqual([answer.outcome, answer.policies, answer.errors.length], ['deny', [], 1])
    assert.equal(engine.decide(asking()).outcome, 'allow')
  })
}

test('a condition just short of the depth that is refused is decided, not a death of the engine', () => {
  for (const part of [
    'principal.age == 31',
    'context.n + 1 + 1 == 1',
    '(if context.n == 2 then true else false)',
    'principal.name like "*x*"',
  ]) {
    const engine = engineOf(
      `@id("a") permit (principal, action, resource) when { ${Array(100).fill(part).join(' || ')} || true };`,
    )
    assert.deepEqual(engine.decide(asking()), {
      outcome: 'allow',
      policies: ['a'],
      errors: [],
      missing: [],
      considered: 1,
    })
  }
})

test('after the official engine died, the next decision is right again', () => {
  const engine = engineOf(PERMIT)
  const bottomless = `permit (principal, action, resource) when { ${'('.repeat(5_000)}true${')'.repeat(5_000)} };`
  for (let round = 0; round < 5; round++) {
    assert.equal(engine.decide(asking()).outcome, 'allow')
    assert.equal(callOfficial((cedar) => cedar.policyToJson(bottomless)).ok, false)
  }
  assert.equal(engine.decide(asking()).outcome, 'allow')
})

test('an engine that was let go of gives its memory back, and decides as before when it is asked again', () => {
  const engine = engineOf('permit (principal, action, resource);')
  const instance = (): WeakRef<object> => {
    const called = callOfficial((cedar) => new WeakRef<object>(cedar))
    assert.ok(called.ok)
    return called.result
  }
  const before = instance()
  assert.equal(engine.decide(asking()).outcome, 'allow')
  releaseOfficial()
  // A job of its own: what a job has read of a weak reference stays until it ends.
  return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    trimHeap()
    assert.equal(before.deref(), undefined)
    assert.equal(engine.decide(asking()).outcome, 'allow')
  })
})

test('a policy that was replaced under the same id decides from then on, and the engine before the change does not', () => {
  const before = engineOf('@id("a") permit (principal, action, resource);')
  assert.equal(before.decide(asking()).outcome, 'allow')
  const changed = before.with({ add: policiesFromText('@id("a") forbid (principal, action, resource);', 'test') })
  assert.ok(changed.ok)
  assert.equal(changed.engine.decide(asking()).outcome, 'deny')
  assert.equal(before.decide(asking()).outcome, 'allow')
  const removed = before.with({ remove: ['a'] })
  assert.ok(removed.ok)
  assert.deepEqual([removed.engine.size, removed.engine.decide(asking()).outcome, before.size], [0, 'deny', 1])
})

test('more different slices than are kept prepared are decided right, the first one again at the end', () => {
  const texts = Array.from(
    { length: 4_500 },
    (_, at) => `@id("p${at}") permit (principal == User::"${at}", action, resource);`,
  )
  const engine = engineOf(texts.join('\n'))
  for (const at of [...Array(4_500).keys(), 0]) {
    const answer = engine.decide(asking({ principal: { type: 'User', id: `${at}` }, entities: [] }))
    assert.deepEqual(answer.policies, [`p${at}`])
  }
})
