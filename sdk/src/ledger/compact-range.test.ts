import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appendLeaf, type CompactRange, emptyRange, loadRange, rangeOf, rootOf } from './compact-range.ts'
import { emptyRoot, type GetNode, leafHash, nodeHash } from './merkle.ts'

/** The root by the definition of RFC 9162 §2.1.1, the slow way. */
const rootByDefinition = (leaves: readonly Uint8Array[]): Uint8Array => {
  const [first] = leaves
  if (first === undefined) return emptyRoot()
  if (leaves.length === 1) return first
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(rootByDefinition(leaves.slice(0, k)), rootByDefinition(leaves.slice(k)))
}

const leafOf = (i: number): Uint8Array => leafHash(Buffer.from(`leaf ${i}`))

test('the root after every append is the root by definition, and nodes are stored once each', async () => {
  const stored = new Map<string, Uint8Array>()
  const getNode: GetNode = async (level, index) => stored.get(`${level}/${index}`) ?? assert.fail('not stored')
  const leaves: Uint8Array[] = []
  let range: CompactRange = emptyRange
  assert.deepEqual(rootOf(range), rootByDefinition(leaves))
  for (let i = 0; i < 130; i++) {
    leaves.push(leafOf(i))
    const grown = appendLeaf(range, leafOf(i))
    for (const { level, index, hash } of grown.nodes) {
      assert.ok(!stored.has(`${level}/${index}`))
      assert.deepEqual(hash, rootByDefinition(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)))
      stored.set(`${level}/${index}`, hash)
    }
    range = grown.range
    assert.deepEqual(rootOf(range), rootByDefinition(leaves))
    assert.deepEqual(await loadRange(range.size, getNode), range)
  }
})

test('appending leaves the range it began from as it was', () => {
  const three = [0, 1, 2].reduce((range, i) => appendLeaf(range, leafOf(i)).range, emptyRange)
  const before = { size: three.size, hashes: [...three.hashes] }
  appendLeaf(three, leafOf(3))
  assert.deepEqual(three, before)
  assert.deepEqual(emptyRange, { size: 0, hashes: [] })
})

test('hashes from outside make a range only when their number and length fit the size', () => {
  assert.deepEqual(rangeOf(5, [leafOf(0), leafOf(1)]), { size: 5, hashes: [leafOf(0), leafOf(1)] })
  assert.equal(rangeOf(5, [leafOf(0)]), undefined)
  assert.equal(rangeOf(5, [leafOf(0), leafOf(1), leafOf(2)]), undefined)
  assert.equal(rangeOf(5, [leafOf(0), leafOf(1).subarray(1)]), undefined)
  assert.throws(() => rangeOf(-1, []), RangeError)
  assert.throws(() => appendLeaf({ size: 1, hashes: [] }, leafOf(1)), RangeError)
})
