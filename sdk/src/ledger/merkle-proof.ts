import { assertSize, type GetNode, levelOf, rangeHash } from './merkle.ts'

/**
 * The proof that the leaf `index` is in the tree of `size` leaves, lowest hash first (PATH of RFC 9162 §2.1.3.1).
 * Reads O(log² n) stored nodes at worst. RangeError when the leaf is not in the tree.
 */
export const inclusionProof = async (index: number, size: number, getNode: GetNode): Promise<Uint8Array[]> => {
  assertSize(size)
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new RangeError('the tree has no such leaf')
  return readAll(inclusionSpans(index, 0, size), getNode)
}

/**
 * The proof that the tree of `newSize` leaves begins with the tree of `oldSize` leaves (PROOF of RFC 9162 §2.1.4.1);
 * empty when the sizes are equal. RangeError unless 0 < oldSize <= newSize: from nothing there is nothing to prove.
 */
export const consistencyProof = async (oldSize: number, newSize: number, getNode: GetNode): Promise<Uint8Array[]> => {
  assertSize(newSize)
  if (!Number.isSafeInteger(oldSize) || oldSize < 1 || oldSize > newSize) {
    throw new RangeError('a consistency proof goes from a tree with leaves to one that is not smaller')
  }
  return readAll(consistencySpans(oldSize, 0, newSize), getNode)
}

type Span = { readonly start: number; readonly end: number }

const readAll = (spans: readonly Span[], getNode: GetNode): Promise<Uint8Array[]> =>
  Promise.all(spans.map(({ start, end }) => rangeHash(start, end, getNode)))

const inclusionSpans = (index: number, start: number, end: number): Span[] => {
  if (end - start === 1) return []
  const middle = start + splitOf(end - start)
  return index < middle
    ? [...inclusionSpans(index, start, middle), { start: middle, end }]
    : [...inclusionSpans(index, middle, end), { start, end: middle }]
}

const consistencySpans = (oldEnd: number, start: number, end: number): Span[] => {
  // The verifier knows the old root, so the subtree that is the whole old tree is left out.
  if (oldEnd === end) return start === 0 ? [] : [{ start, end }]
  const middle = start + splitOf(end - start)
  return oldEnd <= middle
    ? [...consistencySpans(oldEnd, start, middle), { start: middle, end }]
    : [...consistencySpans(oldEnd, middle, end), { start, end: middle }]
}

/** The greatest power of two below n (RFC 9162 §2.1.1: k < n <= 2k). */
const splitOf = (n: number): number => 2 ** levelOf(n - 1)
