import { levelOf, nodeHash } from './merkle.ts'

/** A claim that the leaf with this hash is number `index` (from 0) of the `size` leaves under `root`. */
export type InclusionClaim = {
  readonly index: number
  readonly size: number
  readonly leafHash: Uint8Array
  readonly proof: readonly Uint8Array[]
  readonly root: Uint8Array
}

/** Whether the proof shows that the leaf is in the tree (RFC 9162 §2.1.3.2); hostile input gives false. */
export const verifyInclusion = ({ index, size, leafHash, proof, root }: InclusionClaim): boolean => {
  if (!isCount(index) || !isCount(size) || index >= size) return false
  if (!isHash(leafHash) || !proof.every(isHash)) return false
  const sides = siblingSides(index, size - 1)
  if (sides.length !== proof.length) return false
  let hash = leafHash
  for (const [i, sibling] of proof.entries()) {
    hash = sides[i] === 'left' ? nodeHash(sibling, hash) : nodeHash(hash, sibling)
  }
  return isEqual(hash, root)
}

/** A claim that the tree of `newSize` leaves begins with the tree of `oldSize` leaves. */
export type ConsistencyClaim = {
  readonly oldSize: number
  readonly newSize: number
  readonly oldRoot: Uint8Array
  readonly newRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * Whether the proof shows that nothing of the old tree was changed (RFC 9162 §2.1.4.2); hostile input gives false.
 * An old tree without leaves gives false as well: nothing can be shown about it.
 */
export const verifyConsistency = ({ oldSize, newSize, oldRoot, newRoot, proof }: ConsistencyClaim): boolean => {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize < 1 || oldSize > newSize) return false
  if (oldSize === newSize) return proof.length === 0 && isEqual(oldRoot, newRoot)
  if (proof.length === 0 || !isHash(oldRoot) || !proof.every(isHash)) return false
  // The greatest subtree that ends where the old tree ends is common to both; a whole old tree is not repeated.
  const [common, ...siblings] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof
  const sides = siblingSides(...skipRightTurns(oldSize - 1, newSize - 1))
  if (common === undefined || sides.length !== siblings.length) return false
  let oldHash = common
  let newHash = common
  for (const [i, sibling] of siblings.entries()) {
    // What stands right of the old tree is in the new one only.
    if (sides[i] === 'left') oldHash = nodeHash(sibling, oldHash)
    newHash = sides[i] === 'left' ? nodeHash(sibling, newHash) : nodeHash(newHash, sibling)
  }
  return isEqual(oldHash, oldRoot) && isEqual(newHash, newRoot)
}

/**
 * On which side each sibling stands on the way up from node `fn` of a level whose last node is `sn` (the names of
 * RFC 9162 §2.1.3.2); its length is the only one that a proof may have. At most 53 steps.
 */
const siblingSides = (fn: number, sn: number): ('left' | 'right')[] => {
  const sides: ('left' | 'right')[] = []
  for (let [node, last] = [fn, sn]; last > 0; [node, last] = [half(node), half(last)]) {
    if (node % 2 === 1) sides.push('left')
    else if (node < last) sides.push('right')
    // An even last node has no sibling: it is its own parent.
  }
  return sides
}

const skipRightTurns = (fn: number, sn: number): [number, number] =>
  fn % 2 === 1 ? skipRightTurns(half(fn), half(sn)) : [fn, sn]

const half = (n: number): number => Math.floor(n / 2)
const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0
const isHash = (bytes: Uint8Array): boolean => bytes.length === 32
const isPowerOfTwo = (n: number): boolean => 2 ** levelOf(n) === n
const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
