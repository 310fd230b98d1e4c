import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseStrictJson } from './strict-json.ts'

test('ordinary JSON is parsed as JSON.parse does', () => {
  for (const value of [{}, [], { a: [1, { b: 'x,{"y":1}' }] }, { 'a"b': '\\', c: null }, 'text', 3])
    assert.deepEqual(parseStrictJson(JSON.stringify(value)), value)
})

test('an empty body is an empty input', () => assert.deepEqual(parseStrictJson(''), {}))

const refused: Record<string, string> = {
  'a member named twice': '{"a":1,"a":2}',
  'a member named twice through an escape': '{"a":1,"\\u0061":2}',
  'a member named twice deep inside': '{"x":[{"a":1,"b":{"c":1,"c":1}}]}',
  'a member named twice among many': `{${Array.from({ length: 20 }, (_, at) => `"m${at}":1,`).join('')}"m3":1}`,
  'the ninth of many members named twice': `{${Array.from({ length: 9 }, (_, at) => `"m${at}":1,`).join('')}"m8":1}`,
  'a line break in a name': '{"a\nb":1}',
  __proto__: '{"__proto__":{}}',
  'an escaped __proto__': '{"\\u005f_proto__":{}}',
  constructor: '{"a":{"constructor":1}}',
  'a nesting of 10,000': '['.repeat(10_000) + ']'.repeat(10_000),
  'a million empty arrays': `[${'[],'.repeat(100_000)}[]]`,
  'an unfinished string': '{"a',
  'no JSON': '{a:1}',
  'nothing but spaces': '  ',
}
for (const [what, text] of Object.entries(refused))
  test(`${what} is refused`, () => assert.throws(() => parseStrictJson(text), { code: 'invalid_input' }))

test('names that are no different in another object, and 1,000 different ones in one, are taken', () => {
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`m${at}`, { m0: at }]))
  assert.deepEqual(parseStrictJson(JSON.stringify(many)), many)
})

const name = fc.constantFrom('a', 'b', 'toString', '1', 'é', '__proto__', 'constructor')
const space = fc.constantFrom('', '', ' ', '\n')
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('1', 'null', '""', '"a:{,"', '"__proto__"', '[]', '{}', '{', 'tru'),
    fc.array(tie('json'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(fc.tuple(name, space, tie('json')), { maxLength: 3 })
      .map((members) => `{${members.map(([named, gap, value]) => `"${named}"${gap}:${gap}${value}`).join(',')}}`),
  ),
}))

test('what is taken at first sight is what the closer look takes', () => {
  const outcome = (text: string): unknown => {
    try {
      return { value: parseStrictJson(text) }
    } catch (error) {
      return JSON.stringify(Reflect.get(Object(error), 'extras'))
    }
  }
  // An escape anywhere asks for the closer look.
  const closer = (text: string): unknown => {
    const found = outcome(`["\\n",${text}]`)
    return typeof found === 'string' ? found : { value: Reflect.get(Object(Reflect.get(Object(found), 'value')), 1) }
  }
  fc.assert(fc.property(json, (text) => assert.deepEqual(outcome(text), closer(text))))
})
