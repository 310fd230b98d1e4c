// Judges exports and proofs with nothing of ours: written from RFC 6962 §2.1, RFC 8032 and the C2SP texts alone, in
// another way than the code it checks (by recursion over the tree's definition instead of over bits).
import { createHash, createPublicKey, verify } from 'node:crypto'

const sha256 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const leafOf = (data: string): Buffer => sha256(Buffer.of(0), data)
const nodeOf = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Buffer.of(1), left, right)

/** RFC 6962 §2.1: the largest power of two smaller than n. */
const split = (n: number): number => {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** RFC 6962 §2.1.1: the root that an audit path leads to, walking down PATH(m, D[n]); undefined if it does not fit. */
const rootByPath = (m: number, n: number, leaf: Uint8Array, path: Uint8Array[]): Uint8Array | undefined => {
  if (n === 1) return path.length === 0 ? leaf : undefined
  const sibling = path.at(-1)
  if (sibling === undefined) return undefined
  const k = split(n)
  const isLeft = m < k
  const child = rootByPath(isLeft ? m : m - k, isLeft ? k : n - k, leaf, path.slice(0, -1))
  if (child === undefined) return undefined
  return isLeft ? nodeOf(child, sibling) : nodeOf(sibling, child)
}

export const isIncluded = (m: number, n: number, leaf: Uint8Array, path: Uint8Array[], root: Uint8Array): boolean =>
  m >= 0 && m < n && rootByPath(m, n, leaf, path)?.toString() === root.toString()

type Roots = { before: Uint8Array; after: Uint8Array }

/** RFC 6962 §2.1.2: both roots that SUBPROOF(m, D[n], b) leads to; undefined if it does not fit. */
const rootsByProof = (m: number, n: number, known: Uint8Array | undefined, proof: Uint8Array[]): Roots | undefined => {
  const last = proof.at(-1)
  if (m === n) {
    if (known !== undefined) return proof.length === 0 ? { before: known, after: known } : undefined
    return proof.length === 1 && last !== undefined ? { before: last, after: last } : undefined
  }
  if (last === undefined) return undefined
  const k = split(n)
  if (m <= k) {
    const left = rootsByProof(m, k, known, proof.slice(0, -1))
    return left && { before: left.before, after: nodeOf(left.after, last) }
  }
  const right = rootsByProof(m - k, n - k, undefined, proof.slice(0, -1))
  return right && { before: nodeOf(last, right.before), after: nodeOf(last, right.after) }
}

export const isConsistent = (
  m: number,
  n: number,
  before: Uint8Array,
  after: Uint8Array,
  proof: Uint8Array[],
): boolean => {
  if (m < 1 || m > n) return false
  const roots = rootsByProof(m, n, before, proof)
  return roots?.before.toString() === before.toString() && roots.after.toString() === after.toString()
}

/** RFC 6962 §2.1: the Merkle Tree Hash by its definition. */
const rootOf = (leaves: Uint8Array[]): Uint8Array => {
  const [first] = leaves
  if (first === undefined) return sha256()
  if (leaves.length === 1) return first
  const k = split(leaves.length)
  return nodeOf(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)))
}

/** C2SP signed-note and tlog-checkpoint, for one signature: size and root in base64; undefined if it is not good. */
const openNote = (note: string, vkey: string): [number, string] | undefined => {
  const [, name, id, key] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) ?? []
  const [, text, signer, encoded] = /^(.*\n)\n— (\S+) (\S+)\n$/s.exec(note) ?? []
  if (!name || !id || !key || !text || signer !== name || !encoded) return undefined
  const [typed, signature] = [Buffer.from(key, 'base64'), Buffer.from(encoded, 'base64')]
  const keyId = sha256(`${name}\n`, typed).subarray(0, 4).toString('hex')
  if (keyId !== id || signature.subarray(0, 4).toString('hex') !== id) return undefined
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), typed.subarray(1)])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  if (!verify(null, Buffer.from(text), publicKey, signature.subarray(4))) return undefined
  const [origin, size, root = ''] = text.split('\n')
  return origin === name ? [Number(size), root] : undefined
}

/** Members sorted by code units at every level: RFC 8785 for what JSON.parse gives. */
const sorted = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${sorted(member)}`).join(',')}}`
}

/** Whether an export that begins at 0 is what its last checkpoint covers. */
export const isGoodExport = (lines: string[], vkey: string): boolean => {
  const leaves: Buffer[] = []
  let covered = -1
  for (const { seq, leaf, entry, checkpoint } of lines.map((line) => JSON.parse(line))) {
    if (entry) {
      if (seq !== leaves.length || entry.seq !== seq || leafOf(sorted(entry)).toString('base64') !== leaf) return false
      leaves.push(leafOf(sorted(entry)))
    }
    if (checkpoint) {
      const [size, root] = openNote(checkpoint, vkey) ?? []
      if (size !== leaves.length || Buffer.from(rootOf(leaves)).toString('base64') !== root) return false
      covered = size
    }
  }
  return covered === leaves.length
}
