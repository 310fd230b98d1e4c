import { createPrivateKey } from 'node:crypto'
import {
  appendLeaf,
  type CompactRange,
  canonicalize,
  type ExportReaders,
  emptyRange,
  encodeVkey,
  exportLines,
  leafHash,
  rootOf,
  type Signer,
  type StoredEntry,
  signCheckpoint,
  signerOf,
} from '../../src/ledger/index.ts'

/** A log in memory, as the tests need one: its parts, and its exports. */
export type SampleLog = {
  readonly vkey: string
  readonly signer: Signer
  readonly readers: ExportReaders
  readonly entries: readonly StoredEntry[]
  /** The tree's root at each size. */
  readonly roots: readonly Uint8Array[]
  checkpointAt(size: number): string
  exportPart(fromSeq: number, toSize: number): Promise<string[]>
}

/** Makes a log of these entries (without seq), with a signed checkpoint at each of these sizes. */
export const sampleLog = (
  contents: readonly object[],
  { checkpointSizes = [contents.length], signer = signerWith(7, 'log.example') } = {},
): SampleLog => {
  const nodes = new Map<string, Uint8Array>()
  let range: CompactRange = emptyRange
  const roots = [rootOf(range)]
  const entries = contents.map((content, seq): StoredEntry => {
    const text = canonicalize({ ...content, seq })
    const leaf = leafHash(Buffer.from(text))
    const grown = appendLeaf(range, leaf)
    for (const { level, index, hash } of grown.nodes) nodes.set(`${level}/${index}`, hash)
    range = grown.range
    roots.push(rootOf(range))
    return { seq, leaf, text }
  })
  const checkpointAt = (size: number): string => {
    const root = roots[size]
    if (root === undefined) throw new RangeError('the sample log never had this size')
    return signCheckpoint({ origin: signer.name, size, root, extensions: [] }, signer)
  }
  const readers: ExportReaders = {
    async *entries(fromSeq, toSize) {
      yield* entries.slice(fromSeq, toSize)
    },
    async *checkpoints(fromSize, toSize) {
      for (const size of checkpointSizes)
        if (size >= fromSize && size <= toSize) yield { size, note: checkpointAt(size) }
    },
    getNode: (level, index) => {
      const hash = nodes.get(`${level}/${index}`)
      if (hash === undefined) throw new RangeError('the node is not stored')
      return hash
    },
  }
  const exportPart = (fromSeq: number, toSize: number): Promise<string[]> =>
    Array.fromAsync(exportLines({ origin: signer.name, exportedAt: new Date(0), fromSeq, toSize }, readers))
  return { vkey: encodeVkey(signer), signer, readers, entries, roots, checkpointAt, exportPart }
}

/** A signer whose key is 32 times one byte: the same in every run. */
export const signerWith = (seedByte: number, name: string): Signer => {
  // RFC 8410 §7: a private key in PKCS #8 is these 16 bytes and the seed.
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seedByte)])
  return signerOf(name, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
}
