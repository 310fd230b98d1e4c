import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../../src/ledger/index.ts'
import { isConsistent, isGoodExport, isIncluded } from './independent-verifier.ts'
import { sampleLog } from './sample-log.ts'

const COUNT = 1_100
const contents = Array.from({ length: COUNT }, (_, n) => ({
  kind: 'test.entry',
  b: [n, { z: n / 7, é: null }],
  a: true,
}))
const log = sampleLog(contents)
const { getNode } = log.readers
const rootAt = (size: number): Uint8Array => log.roots[size] ?? assert.fail()
const leafAt = (seq: number): Uint8Array => log.entries[seq]?.leaf ?? assert.fail()
const sizes = fc.oneof(fc.integer({ min: 1, max: COUNT }), fc.integer({ min: 1, max: 18 }), fc.constantFrom(512, 1_024))
/** The same proof, with one bit changed, one hash less or one more. */
const spoiled = (proof: Uint8Array[], at: number): Uint8Array[] => {
  const which = at % (proof.length + 2)
  if (which === proof.length) return proof.slice(1)
  if (which > proof.length) return [...proof, leafAt(0)]
  const hash = Buffer.from(proof[which] ?? [])
  hash[at % 32] = (hash[at % 32] ?? 0) ^ 1
  return proof.with(which, hash)
}

test('trust bar U5: 5,000 inclusion proofs convince a verifier that has none of our code, and spoiled ones do not', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (size, nth, at) => {
      const index = nth % size
      const [leafHash, root] = [leafAt(index), rootAt(size)]
      const proof = await inclusionProof(index, size, getNode)
      assert.ok(isIncluded(index, size, leafHash, proof, root))
      assert.ok(verifyInclusion({ index, size, leafHash, proof, root }))
      const bad = spoiled(proof, at)
      if (bad.length === 0 && proof.length === 0) return
      assert.ok(!isIncluded(index, size, leafHash, bad, root))
      assert.ok(!verifyInclusion({ index, size, leafHash, proof: bad, root }))
    }),
    { numRuns: 5_000 },
  )
})

test('trust bar U5: 5,000 consistency proofs convince a verifier that has none of our code, and spoiled ones do not', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (newSize, nth, at) => {
      const oldSize = 1 + (nth % newSize)
      const [oldRoot, newRoot] = [rootAt(oldSize), rootAt(newSize)]
      const proof = await consistencyProof(oldSize, newSize, getNode)
      assert.ok(isConsistent(oldSize, newSize, oldRoot, newRoot, proof))
      assert.ok(verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof }))
      const bad = spoiled(proof, at)
      if (bad.length === 0 && proof.length === 0) return
      assert.ok(!isConsistent(oldSize, newSize, oldRoot, newRoot, bad))
      assert.ok(!verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof: bad }))
    }),
    { numRuns: 5_000 },
  )
})

test('every proof between all sizes up to 40 is right', async () => {
  for (let size = 1; size <= 40; size++) {
    for (let n = 0; n < size; n++) {
      const path = await inclusionProof(n, size, getNode)
      assert.ok(isIncluded(n, size, leafAt(n), path, rootAt(size)))
      assert.ok(verifyInclusion({ index: n, size, leafHash: leafAt(n), proof: path, root: rootAt(size) }))
      const [oldSize, oldRoot, newRoot] = [n + 1, rootAt(n + 1), rootAt(size)]
      const proof = await consistencyProof(oldSize, size, getNode)
      assert.ok(isConsistent(oldSize, size, oldRoot, newRoot, proof))
      assert.ok(verifyConsistency({ oldSize, newSize: size, oldRoot, newRoot, proof }))
    }
  }
})

test('an export convinces a verifier that has none of our code, and an edited one does not', async () => {
  const lines = await log.exportPart(0, COUNT)
  assert.ok(isGoodExport(lines, log.vkey))
  assert.ok(!isGoodExport(lines.toSpliced(7, 1), log.vkey))
  assert.ok(!isGoodExport(lines.with(7, lines[8] ?? ''), log.vkey))
  assert.ok(!isGoodExport(lines, sampleLog([], { checkpointSizes: [] }).vkey.replace('log.example', 'log.exbmple')))
})

test('a right proof shows nothing about another leaf, place or root', async () => {
  const other = leafAt(COUNT - 1)
  for (let newSize = 2; newSize <= 70; newSize++) {
    const newRoot = rootAt(newSize)
    for (let n = 1; n < newSize; n++) {
      const path = await inclusionProof(n, newSize, getNode)
      const claim = { index: n, size: newSize, leafHash: leafAt(n), proof: path, root: newRoot }
      for (const wrong of [{ index: n - 1 }, { leafHash: other }, { root: other }, { size: n }]) {
        assert.ok(!verifyInclusion({ ...claim, ...wrong }))
      }
      const oldRoot = rootAt(n)
      const proof = await consistencyProof(n, newSize, getNode)
      const grown = { oldSize: n, newSize, oldRoot, newRoot, proof }
      for (const wrong of [{ oldRoot: other }, { newRoot: other }, { oldRoot: newRoot, newRoot: oldRoot }]) {
        assert.ok(!verifyConsistency({ ...grown, ...wrong }))
      }
    }
  }
})

test('a proof of a leaf or a tree that does not exist is refused', async () => {
  for (const [index, size] of [
    [0, 0],
    [5, 5],
    [-1, 5],
    [0.5, 5],
    [0, Number.NaN],
    [0, 2 ** 53],
  ] as const) {
    await assert.rejects(inclusionProof(index, size, getNode), RangeError)
  }
  for (const [oldSize, newSize] of [
    [0, 5],
    [6, 5],
    [-1, 5],
    [0.5, 5],
    [1, Number.NaN],
  ] as const) {
    await assert.rejects(consistencyProof(oldSize, newSize, getNode), RangeError)
  }
})

test('the independent verifier imports nothing but node:crypto', () => {
  const source = readFileSync(join(import.meta.dirname, 'independent-verifier.ts'), 'utf8')
  assert.deepEqual(source.match(/from '.*'|import\(|require\(/g), ["from 'node:crypto'"])
})
