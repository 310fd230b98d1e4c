import { assertSize, coveringNodes, foldRight, type GetNode, nodeHash, type TreeNode } from './merkle.ts'

/**
 * All that is needed to go on appending to a tree of `size` leaves: the hashes of the complete subtrees that its
 * size is the sum of, greatest first (one per set bit of `size`, so at most 53). A value: appending gives a new one,
 * so that a transaction that is rolled back leaves the old one as it was.
 */
export type CompactRange = { readonly size: number; readonly hashes: readonly Uint8Array[] }

/** The range of the tree without leaves. */
export const emptyRange: CompactRange = { size: 0, hashes: [] }

/**
 * The range with one leaf more, and the complete subtrees that this leaf completed, lowest first: they are what a
 * log stores, about two per leaf. O(log n) hashes at worst, one on average.
 */
export const appendLeaf = (range: CompactRange, leaf: Uint8Array): { range: CompactRange; nodes: TreeNode[] } => {
  const hashes = range.hashes.slice()
  let index = range.size
  let hash = leaf
  const nodes: TreeNode[] = [{ level: 0, index, hash }]
  // An odd index is a right child: its left sibling is the last subtree of the range.
  for (let level = 1; index % 2 === 1; level++) {
    hash = nodeHash(lastOf(hashes), hash)
    index = (index - 1) / 2
    nodes.push({ level, index, hash })
  }
  hashes.push(hash)
  return { range: { size: range.size + 1, hashes }, nodes }
}

/** The root hash of the tree (RFC 9162 §2.1.1), 32 bytes. */
export const rootOf = (range: CompactRange): Uint8Array => foldRight(range.hashes)

/** Reads the range of a tree of `size` leaves from its stored nodes. */
export const loadRange = async (size: number, getNode: GetNode): Promise<CompactRange> => {
  assertSize(size)
  return { size, hashes: await Promise.all(coveringNodes(0, size).map(({ level, index }) => getNode(level, index))) }
}

/** Makes a range of hashes that came from outside; undefined when their number or length does not fit the size. */
export const rangeOf = (size: number, hashes: readonly Uint8Array[]): CompactRange | undefined => {
  assertSize(size)
  if (hashes.length !== coveringNodes(0, size).length || hashes.some((hash) => hash.length !== 32)) return undefined
  return { size, hashes }
}

const lastOf = (hashes: Uint8Array[]): Uint8Array => {
  const last = hashes.pop()
  if (last === undefined) throw new RangeError('the range has fewer hashes than its size needs')
  return last
}
