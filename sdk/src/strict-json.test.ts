import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isJsonObject, parseStrictObject } from './strict-json.ts'

test('every object that JSON can write is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })),
      fc.constantFrom(undefined, 2),
      (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        assert.deepEqual(parseStrictObject(text), JSON.parse(text))
      },
    ),
    { numRuns: 500 },
  )
})

test('an object with any member written twice is refused, wherever it is and however the name is escaped', () => {
  const escaped = (name: string) =>
    [...name].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 }),
      fc.boolean(),
      fc.boolean(),
      (value, isEscaped, isInside) => {
        const name = Object.keys(value)[0] ?? ''
        const again = isEscaped ? `"${escaped(name)}"` : JSON.stringify(name)
        const doubled = `${JSON.stringify(value).slice(0, -1)},${again}:1}`
        const text = isInside ? `{"outer":[1,${doubled}]}` : doubled
        assert.ok(isJsonObject(JSON.parse(text)))
        assert.equal(parseStrictObject(text), undefined)
      },
    ),
    { numRuns: 500 },
  )
})

test('nesting deeper than any token needs is refused', () => {
  const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  assert.ok(parseStrictObject(nested(32)))
  assert.equal(parseStrictObject(nested(33)), undefined)
})
