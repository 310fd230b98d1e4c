import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordsOf } from './terms.ts'

test('words are filed once, in lower case, without what stands between them', () => {
  assert.deepEqual(wordsOf('Copies orders, copies Orders-2 to the Größe'), [
    'copies',
    'orders',
    '2',
    'to',
    'the',
    'größe',
  ])
  assert.deepEqual(wordsOf('…!?'), [])
  assert.deepEqual(wordsOf('x'.repeat(100)), ['x'.repeat(64)])
})
