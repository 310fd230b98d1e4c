import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkTexts } from './check-texts.ts'

const NULL = 'must not hold the character U+0000'
const HALF = 'must not hold half a surrogate pair'

for (const [input, pointer, detail] of [
  [{ name: 'a\0b' }, '/name', NULL],
  [{ name: '\ud800' }, '/name', HALF],
  [{ teams: [{ file: 'f', value: { name: 'x\udfff' } }] }, '/teams/0/value/name', HALF],
  [{ tags: { 'a\udc00': 'x' } }, '/tags/*', HALF],
  [{ token: '\ud800' }, '/token', HALF],
] as const)
  test(`a text that no database or log can hold is refused where it stands: ${pointer}`, () => {
    const refused = checkTexts(input)
    assert.equal(refused?.code, 'invalid_input')
    assert.deepEqual(refused?.extras.places, [{ pointer, detail }])
  })

test('a text of any other characters is taken', () => {
  assert.equal(checkTexts({ name: '\ud83d\ude00 \u202e \uffff', 'a/b~c': ['x', 1, null] }), undefined)
})
