import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyConsistency, verifyInclusion } from './merkle-verify.ts'

const folder = join(import.meta.dirname, '../../../../shared/data/merkle-vectors')
const skip = existsSync(folder) ? false : 'the merkle-vectors folder is not beside this repository'

type Vector = { proof: string[] | null; wantErr: boolean; desc: string }
type InclusionVector = Vector & { leafIdx: number; treeSize: number; root: string; leafHash: string }
type ConsistencyVector = Vector & { size1: number; size2: number; root1: string; root2: string }

const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64')
const hashes = (proof: string[] | null): Uint8Array[] => (proof ?? []).map(bytes)
const filesIn = (kind: string): string[] => globSync(join(folder, kind, '**/*.json')).sort()

test('every inclusion vector, good and bad, is judged as its author says', { skip }, () => {
  const files = filesIn('inclusion')
  assert.equal(files.length, 98)
  for (const file of files) {
    const v: InclusionVector = JSON.parse(readFileSync(file, 'utf8'))
    const root = bytes(v.root)
    const claim = { index: v.leafIdx, size: v.treeSize, leafHash: bytes(v.leafHash), proof: hashes(v.proof), root }
    assert.equal(verifyInclusion(claim), !v.wantErr, file)
  }
})

test('every consistency vector, good and bad, is judged as its author says', { skip }, () => {
  const files = filesIn('consistency')
  assert.equal(files.length, 98)
  for (const file of files) {
    const v: ConsistencyVector = JSON.parse(readFileSync(file, 'utf8'))
    const [oldRoot, newRoot] = [bytes(v.root1), bytes(v.root2)]
    const claim = { oldSize: v.size1, newSize: v.size2, oldRoot, newRoot, proof: hashes(v.proof) }
    assert.equal(verifyConsistency(claim), !v.wantErr, file)
  }
})

test('sizes that are no sizes and hashes that are no hashes are refused, not thrown on', () => {
  const hash = new Uint8Array(32)
  for (const n of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.equal(verifyInclusion({ index: n, size: 2, leafHash: hash, proof: [hash], root: hash }), false)
    assert.equal(verifyInclusion({ index: 0, size: n, leafHash: hash, proof: [hash], root: hash }), false)
    assert.equal(verifyConsistency({ oldSize: n, newSize: 2, oldRoot: hash, newRoot: hash, proof: [] }), false)
    assert.equal(verifyConsistency({ oldSize: 1, newSize: n, oldRoot: hash, newRoot: hash, proof: [hash] }), false)
  }
  const short = new Uint8Array(31)
  assert.equal(verifyInclusion({ index: 0, size: 1, leafHash: short, proof: [], root: short }), false)
  const endless = Array.from({ length: 10_000 }, () => hash)
  assert.equal(verifyInclusion({ index: 0, size: 2 ** 53 - 1, leafHash: hash, proof: endless, root: hash }), false)
})
