import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { fromQuery, givenTwice } from './from-query.ts'

const Input = z.strictObject({
  limit: z.number().int().default(50),
  isOpen: z.boolean().optional(),
  kinds: z.array(z.string()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  text: z.string().optional(),
})

for (const [what, query, expected] of [
  ['numbers and booleans', { limit: '5', isOpen: 'false' }, { limit: 5, isOpen: false }],
  ['one value of a list', { kinds: 'a' }, { kinds: ['a'] }],
  ['a list', { kinds: ['a', 'b'] }, { kinds: ['a', 'b'] }],
  ['a record with dots', { 'tags.a': '1', 'tags.b.c': '2' }, { tags: { a: '1', 'b.c': '2' } }],
  ['a record with brackets', { 'tags[a]': '1', 'tags[b.c]': '2' }, { tags: { a: '1', 'b.c': '2' } }],
  [
    'what does not fit, as it is',
    { limit: 'x', isOpen: 'yes', 'text.a': '1' },
    { limit: 'x', isOpen: 'yes', 'text.a': '1' },
  ],
] as const)
  test(`a query gives ${what}`, () => {
    assert.deepEqual(fromQuery(Input, query), expected)
  })

test('what takes one value and is given twice is named, a list is not', () => {
  const query = { limit: ['5', '6'], kinds: ['a', 'b'], text: 'x', 'tags.a': ['1', '2'], unknown: ['1', '2'] }
  assert.deepEqual(givenTwice(Input, query), ['limit', 'tags'])
})

test('a query cannot reach the prototype of anything', () => {
  const input = fromQuery(Input, JSON.parse('{"tags.__proto__":"x","__proto__[a]":"y","tags[constructor]":"z"}'))
  assert.equal(Object.getPrototypeOf(input.tags), Object.prototype)
  assert.equal(Reflect.get({}, 'a'), undefined)
})

test('a query that names a field there is not is refused, also one that every object has', () => {
  for (const name of ['nothing', '__proto__', 'constructor', 'toString'])
    for (const value of ['1', ['1', '2']]) {
      const input = fromQuery(Input, JSON.parse(`{"${name}":${JSON.stringify(value)}}`))
      assert.equal(Object.getPrototypeOf(input), Object.prototype)
      assert.equal(Input.safeParse(input).success, false, name)
    }
})
