import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coveringNodes, emptyRoot, leafHash, levelOf, nodeHash } from './merkle.ts'

test('RFC 9162 §2.1.1: leaves, nodes and the empty tree are hashed with their own prefixes', () => {
  assert.equal(emptyRoot().toString('hex'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  const empty = leafHash(new Uint8Array(0))
  assert.equal(empty.toString('hex'), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  assert.notDeepEqual(leafHash(Buffer.concat([empty, empty])), nodeHash(empty, empty))
})

test('the level of the greatest complete subtree is exact at every power of two up to 2^53', () => {
  for (let level = 0; level <= 53; level++) {
    assert.equal(levelOf(2 ** level), level)
    if (level > 1) assert.equal(levelOf(2 ** level - 1), level - 1)
  }
})

test('the covering subtrees are as many as the size has set bits and add up to the range', () => {
  for (const size of [0, 1, 2, 3, 7, 8, 1_000_003, 2 ** 40 + 5, 2 ** 53 - 1]) {
    const places = coveringNodes(0, size)
    assert.equal(places.length, [...size.toString(2)].filter((bit) => bit === '1').length)
    assert.equal(
      places.reduce((sum, { level }) => sum + 2 ** level, 0),
      size,
    )
  }
})
