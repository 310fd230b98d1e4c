import { hash } from 'node:crypto'

/** The hash of a leaf's bytes, 32 bytes (RFC 9162 §2.1.1: the prefix 0x00 keeps leaves and nodes apart). */
export const leafHash = (bytes: Uint8Array): Buffer => {
  const input = Buffer.allocUnsafe(bytes.length + 1)
  input[0] = 0x00
  input.set(bytes, 1)
  return hash('sha256', input, 'buffer')
}

/** The hash of a node over its two children's hashes, 32 bytes (RFC 9162 §2.1.1: prefix 0x01). */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => {
  const input = Buffer.allocUnsafe(left.length + right.length + 1)
  input[0] = 0x01
  input.set(left, 1)
  input.set(right, left.length + 1)
  return hash('sha256', input, 'buffer')
}

/** The root of the tree without leaves: the hash of nothing (RFC 9162 §2.1.1). */
export const emptyRoot = (): Buffer => hash('sha256', new Uint8Array(0), 'buffer')

/** A complete subtree: the 2^level leaves from index × 2^level on, and their hash. Once stored it never changes. */
export type TreeNode = { readonly level: number; readonly index: number; readonly hash: Uint8Array }

/** Reads the hash of a complete subtree that was stored; throws when it is not there. */
export type GetNode = (level: number, index: number) => Uint8Array | Promise<Uint8Array>

/** Where a complete subtree stands, without its hash. */
export type NodePlace = { readonly level: number; readonly index: number }

/**
 * The fewest complete subtrees that cover the leaves from `start` up to `end`, left to right; `start` is a multiple
 * of the greatest power of two that fits into the range. Sizes go beyond 2^32, so no bit operators.
 */
export const coveringNodes = (start: number, end: number): NodePlace[] => {
  const places: NodePlace[] = []
  let from = start
  while (from < end) {
    const level = levelOf(end - from)
    places.push({ level, index: from / 2 ** level })
    from += 2 ** level
  }
  return places
}

/** Reads the hash over the leaves from `start` up to `end` (MTH of RFC 9162 §2.1.1), with O(log n) reads. */
export const rangeHash = async (start: number, end: number, getNode: GetNode): Promise<Uint8Array> => {
  const hashes = await Promise.all(coveringNodes(start, end).map(({ level, index }) => getNode(level, index)))
  return foldRight(hashes)
}

/** The root over neighbouring complete subtrees, greatest first; without any it is the empty tree's. */
export const foldRight = (hashes: readonly Uint8Array[]): Uint8Array => {
  let root = hashes.at(-1)
  if (root === undefined) return emptyRoot()
  for (const left of hashes.slice(0, -1).reverse()) root = nodeHash(left, root)
  return root
}

/** The level of the greatest complete subtree within n >= 1 leaves: floor(log2 n), exact up to 2^53 unlike Math.log2. */
export const levelOf = (n: number): number =>
  n < 2 ** 32 ? 31 - Math.clz32(n) : 63 - Math.clz32(Math.floor(n / 2 ** 32))

/** Refuses what cannot be the size of a tree: a caller's mistake, not a file's. */
export const assertSize = (size: number): void => {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('a tree size is a whole number from 0 to 2^53 - 1')
}
