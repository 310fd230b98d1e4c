import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalize } from './canonical.ts'
import { parseEscapedNames } from './parse-escaped-names.ts'

test('names and values come back as they were written, also where JSON.parse was led astray before', () => {
  const kept = [JSON.parse('{"a":1,"\\\\":1}'), JSON.parse('{"a":1,"x\\\\":1}')]
  assert.equal(kept.length, 2)
  assert.deepEqual(parseEscapedNames('{"a":1,"\\u000b":1}'), { a: 1, '\v': 1 })
  assert.deepEqual(parseEscapedNames('{"a":1,"x\\n":1}'), { a: 1, 'x\n': 1 })
  assert.deepEqual(parseEscapedNames('{"a":1,"\\"":"\\\\\\"-\'/\\\\u0041"}'), { a: 1, '"': '\\"-\'/\\u0041' })
})

test('every value that has no DEL is read from its canonical text', () => {
  const text = fc.string({ unit: fc.constantFrom('\\', '"', '-', "'", '/', 'n', 'u', '0', '\n', '\u0001', 'é', 'a') })
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('value'), { maxLength: 4 }),
    object: fc.dictionary(text, tie('value'), { maxKeys: 6 }),
  }))
  fc.assert(
    fc.property(json.object, (value) => {
      assert.equal(canonicalize(parseEscapedNames(canonicalize(value))), canonicalize(value))
    }),
    { numRuns: 3_000 },
  )
})

test('an own member called __proto__ stays a member', () => {
  assert.equal(canonicalize(parseEscapedNames('{"__proto__":{"\\n":1}}')), '{"__proto__":{"\\n":1}}')
})
