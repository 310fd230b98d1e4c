import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileEngine, type Engine, type PolicyProblem, policiesFromText, type SourcePolicy } from './index.ts'

const SCHEMA = `entity Team in [Team] { name: String };
entity User in [Team] { name: String, age: Long };
action "read", "write" appliesTo { principal: User, resource: User, context: { ip?: ipaddr } };`

const policy = (text: string, more: Partial<SourcePolicy> = {}): SourcePolicy => ({
  id: 'p1',
  text,
  origin: {},
  kind: 'policy',
  ...more,
})
const when = (condition: string): SourcePolicy => policy(`permit (principal, action, resource) when { ${condition} };`)
const GOOD = policy('permit (principal, action == Action::"read", resource) when { principal.age > 17 };')

const ANYTHING = { op: 'All' }
const PARSED = { effect: 'permit', principal: ANYTHING, action: ANYTHING, resource: ANYTHING, conditions: [] }

const poisons: [string, unknown][] = [
  ['nothing at all', undefined],
  ['null', null],
  ['a number', 7],
  ['an empty object', {}],
  ['policies that are null', { policies: null, schema: SCHEMA }],
  ['policies that are a string', { policies: 'permit(principal,action,resource);', schema: SCHEMA }],
  ['a policy that is null', { policies: [null], schema: SCHEMA }],
  ['a policy without text', { policies: [{ id: 'a', origin: {}, kind: 'policy' }], schema: SCHEMA }],
  ['a text that is null', { policies: [{ ...GOOD, text: null }], schema: SCHEMA }],
  ['an origin that is null', { policies: [{ ...GOOD, origin: null }], schema: SCHEMA }],
  ['an id that is a number', { policies: [{ ...GOOD, id: 1 }], schema: SCHEMA }],
  [
    'a grant whose compiled form is no policy',
    { policies: [{ ...GOOD, kind: 'grant', compiled: { effect: 'permit' } }], schema: SCHEMA },
  ],
  ['a grant whose compiled form is null', { policies: [{ ...GOOD, kind: 'grant', compiled: null }], schema: SCHEMA }],
  [
    'a written policy that brings a compiled form',
    { policies: [{ ...when('principal.height > 1'), compiled: PARSED }], schema: SCHEMA },
  ],
  ['an empty id', { policies: [{ ...GOOD, id: '' }], schema: SCHEMA }],
  ['a blank id', { policies: [{ ...GOOD, id: ' ' }], schema: SCHEMA }],
  ['an id with a line feed', { policies: [{ ...GOOD, id: 'a\nb' }], schema: SCHEMA }],
  ['an id that names the prototype', { policies: [{ ...GOOD, id: '__proto__' }], schema: SCHEMA }],
  ['an id of 201 letters', { policies: [{ ...GOOD, id: 'a'.repeat(201) }], schema: SCHEMA }],
  ['two policies with one id', { policies: [GOOD, GOOD], schema: SCHEMA }],
  ['a text of 0 bytes', { policies: [policy('')], schema: SCHEMA }],
  ['a blank text', { policies: [policy(' \n\t')], schema: SCHEMA }],
  ['only a comment', { policies: [policy('// permit (principal, action, resource);')], schema: SCHEMA }],
  ['a text that is ten times too long', { policies: [when(`"${'x'.repeat(655_360)}" == "y"`)], schema: SCHEMA }],
  [
    'bytes that were not UTF-8',
    { policies: [when(`principal.name == "${Buffer.from([0xff, 0xfe]).toString()}"`)], schema: SCHEMA },
  ],
  ['half a character', { policies: [when('principal.name == "\ud800"')], schema: SCHEMA }],
  ['a NUL character', { policies: [when('principal.name == "a\0b"')], schema: SCHEMA }],
  ['a byte order mark and nothing else', { policies: [policy('\ufeff')], schema: SCHEMA }],
  ['a string without an end', { policies: [when('principal.name == "')], schema: SCHEMA }],
  ['quotes without an end, 60,000 of them', { policies: [policy(`"${'\\"'.repeat(30_000)}`)], schema: SCHEMA }],
  ['another language', { policies: [policy('{"Version":"2012-10-17","Statement":[]}')], schema: SCHEMA }],
  ['two policies in one', { policies: [policy(`${GOOD.text}${GOOD.text}`)], schema: SCHEMA }],
  ['a template', { policies: [policy('permit (principal == ?principal, action, resource);')], schema: SCHEMA }],
  ['10,000 brackets', { policies: [when(`${'('.repeat(10_000)}true${')'.repeat(10_000)}`)], schema: SCHEMA }],
  ['10,000 sets', { policies: [when(`${'['.repeat(10_000)}1${']'.repeat(10_000)} == 1`)], schema: SCHEMA }],
  ['200 brackets', { policies: [when(`${'('.repeat(200)}true${')'.repeat(200)}`)], schema: SCHEMA }],
  ['a chain of 3,000 or', { policies: [when(Array(3_000).fill('principal.age == 1').join(' || '))], schema: SCHEMA }],
  ['a chain of 500 or', { policies: [when(Array(500).fill('principal.age == 1').join(' || '))], schema: SCHEMA }],
  ['3,000 nested ifs', { policies: [when(`${'if true then false else '.repeat(2_500)}true`)], schema: SCHEMA }],
  ['10,000 dots', { policies: [when(`principal${'.name'.repeat(10_000)} == "a"`)], schema: SCHEMA }],
  ['10,000 plus', { policies: [when(`${'1+'.repeat(10_000)}1 == 1`)], schema: SCHEMA }],
  ['1,000 not', { policies: [when(`${'!'.repeat(1_000)}true`)], schema: SCHEMA }],
  ['a number that is too large', { policies: [when('principal.age == 9223372036854775808')], schema: SCHEMA }],
  ['an unknown attribute', { policies: [when('principal.height > 1')], schema: SCHEMA }],
  ['an unknown type', { policies: [policy('permit (principal == Robot::"a", action, resource);')], schema: SCHEMA }],
  [
    'an unknown action',
    { policies: [policy('permit (principal, action == Action::"fly", resource);')], schema: SCHEMA },
  ],
  ['an optional attribute without has', { policies: [when('context.ip.isLoopback()')], schema: SCHEMA }],
  ['an address that is none', { policies: [when('context has ip && context.ip == ip("999.1.1.1")')], schema: SCHEMA }],
  ['a text compared with a number', { policies: [when('principal.name == 1')], schema: SCHEMA }],
  ['a permit that wants to be critical', { policies: [{ ...GOOD, isCritical: true }], schema: SCHEMA }],
  [
    '50,000 policies',
    { policies: Array.from({ length: 50_000 }, (_, at) => ({ ...GOOD, id: `p${at}` })), schema: SCHEMA },
  ],
  ['500,001 grants', { policies: Array.from({ length: 500_001 }, () => ({ ...GOOD, kind: 'grant' })), schema: SCHEMA }],
  ['no schema', { policies: [GOOD] }],
  ['a schema that is null', { policies: [GOOD], schema: null }],
  ['an empty schema', { policies: [GOOD], schema: '' }],
  ['a schema that is no schema', { policies: [GOOD], schema: 'entity entity entity' }],
  ['a schema of an unknown version', { policies: [GOOD], schema: { version: 99, definitions: [] } }],
  [
    'a schema with a key it should not have',
    { policies: [GOOD], schema: { '': { entityTypes: {}, actions: {}, cedarVersion: '99' } } },
  ],
  [
    'a schema whose groups of actions are cyclic',
    { policies: [GOOD], schema: 'entity User; action a in [b]; action b in [a];' },
  ],
  ['a schema that names a type it lacks', { policies: [GOOD], schema: 'entity User in [Ghost];' }],
  [
    'a schema with 10,000 brackets',
    { policies: [GOOD], schema: `entity User { a: ${'Set<'.repeat(10_000)}Long${'>'.repeat(10_000)} };` },
  ],
  ['a schema that is ten times too long', { policies: [GOOD], schema: `//${'x'.repeat(160 * 1024 * 1024)}` }],
]

const engineOf = (policies: SourcePolicy[]): Engine => {
  const compiled = compileEngine({ policies, schema: SCHEMA })
  assert.ok(compiled.ok, JSON.stringify(compiled))
  return compiled.engine
}

const user = (id: string, age: number) => ({ uid: { type: 'User', id }, attrs: { name: id, age }, parents: [] })
const asked = (id: string, age: number) => ({
  principal: { type: 'User', id },
  action: { type: 'Action', id: 'read' },
  resource: { type: 'User', id: 'other' },
  context: {},
  entities: [user(id, age)],
})

const isPlain = (problem: PolicyProblem): boolean =>
  problem.message.length > 0 &&
  problem.message.length < 600 &&
  !/RuntimeError|undefined|\bat \S+:\d+/.test(problem.message)

for (const [name, input] of poisons) {
  test(`a poisoned set is refused with a reason, and what serves goes on serving: ${name}`, () => {
    const serving = engineOf([GOOD])
    assert.equal(serving.decide(asked('adult', 18)).outcome, 'allow')
    // The types do not let this pass; files and tables do.
    const compiled = Reflect.apply(compileEngine, undefined, [input])
    assert.ok(!compiled.ok)
    assert.ok(
      compiled.problems.length > 0 && compiled.problems.length <= 100 && compiled.problems.every(isPlain),
      JSON.stringify(compiled.problems),
    )
    assert.equal(serving.decide(asked('adult', 18)).outcome, 'allow')
    assert.equal(serving.decide(asked('child', 17)).outcome, 'deny')
  })
}

test('at least 40 poisons are tried', () => assert.ok(poisons.length >= 40, `${poisons.length}`))

test('a poisoned change to a serving engine is refused, and the engine stays as it was', () => {
  const serving = engineOf([GOOD])
  for (const [, input] of poisons) {
    const add: unknown = typeof input === 'object' && input !== null && 'policies' in input ? input.policies : input
    if (Array.isArray(add) && add.every((one) => one === GOOD) && add.length === 1) continue
    if (add === undefined) continue
    const changed = Reflect.apply(serving.with, serving, [{ add }])
    assert.ok(!changed.ok)
  }
  assert.equal(serving.decide(asked('adult', 18)).outcome, 'allow')
})

test('all problems of a set are told at once, each with its policy, line and column', () => {
  const file =
    '// two mistakes\npermit (principal, action, resource)\nwhen { principal.height > 1 };\n\npermit (principal, action, resource) when { 1 + };'
  const compiled = compileEngine({ policies: policiesFromText(file, 'a.cedar'), schema: SCHEMA })
  assert.ok(!compiled.ok)
  assert.deepEqual(
    compiled.problems.map(({ policy, line, column }) => ({ policy, line, column })),
    [{ policy: 'a.cedar#2', line: 5, column: 49 }],
  )
  const [first] = policiesFromText(file, 'a.cedar')
  assert.ok(first)
  const checked = compileEngine({ policies: [first], schema: SCHEMA })
  assert.ok(!checked.ok)
  assert.deepEqual(checked.problems, [
    {
      policy: 'a.cedar#1',
      message: 'attribute `height` on entity type `User` not found (did you mean `age`?)',
      line: 3,
      column: 8,
    },
  ])
})
