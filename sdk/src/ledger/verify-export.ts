import { createHash, type Hash } from 'node:crypto'
import { encodeBase64 } from './base64.ts'
import { type Checkpoint, isUnbelievable, openCheckpoint } from './checkpoint.ts'
import { appendLeaf, type CompactRange, emptyRange, rangeOf, rootOf } from './compact-range.ts'
import {
  type ExportCheckpoint,
  type ExportEnd,
  type ExportEntry,
  type ExportHeader,
  type ExportLine,
  type ExportRange,
  InvalidExportLine,
  parseExportLine,
} from './export-format.ts'
import { leafHash } from './merkle.ts'
import { UnreadableLine } from './read-lines.ts'
import { parseVkey, type Verifier } from './vkey.ts'

/** What an export is checked against. */
export type VerifyOptions = {
  /** The log's verifier key, or several when it changed its key; all bear the log's name. */
  readonly vkey: string | readonly string[]
  /**
   * A signed checkpoint that was kept elsewhere: the export must contain its tree. Without one, a log that was set
   * back to an earlier state and signed on from there looks like any other.
   */
  readonly expectCheckpoint?: string
  /** How many entries the log has at least: what ends before is refused. */
  readonly sizeMin?: number
}

/** What was found. `firstBadIndex` and `problem` only when `ok` is false. */
export type VerifyResult = {
  readonly ok: boolean
  /** How many entries were read and found to fit their hash and their place. */
  readonly entries: number
  /** What the last good checkpoint covers: whatever `problem` says, the entries below this number are as signed. */
  readonly size: number
  /** The root hash, in base64, of the last good checkpoint. */
  readonly root?: string
  readonly checkpointsVerified: number
  /**
   * The number of the first bad entry: exact where an entry disagrees with its hash or its place; where only a
   * checkpoint disagrees, the number of the first entry that no good checkpoint covers. Left out when no entry is bad.
   */
  readonly firstBadIndex?: number
  /** One sentence that says what is wrong. */
  readonly problem?: string
}

/**
 * Verifies an export of an audit log offline, with the log's public key alone, reading its lines (without LF, as
 * readLines gives them) once and holding O(log n) hashes. It stops at the first thing that is wrong. Whatever the
 * lines are, it returns; it throws InvalidVkey for a wrong key, and what reading the lines throws.
 *
 * @example
 * const lines = readLines(createReadStream('audit.ndjson'))
 * const { ok, size, firstBadIndex, problem } = await verifyExport(lines, { vkey })
 */
export const verifyExport = async (
  lines: AsyncIterable<string> | Iterable<string>,
  options: VerifyOptions,
): Promise<VerifyResult> => {
  const { vkey, expectCheckpoint, sizeMin = 0 } = options
  const verifiers = (typeof vkey === 'string' ? [vkey] : vkey).map(parseVkey)
  const kept = expectCheckpoint === undefined ? undefined : open(expectCheckpoint, verifiers)
  if (kept && 'problem' in kept) return refusalOfKept(kept)
  const walk = startWalk(verifiers, kept, sizeMin)
  const fault = await firstFault(walk, lines)
  return {
    ok: fault === undefined,
    entries: walk.entries,
    size: walk.proven?.size ?? 0,
    ...(walk.proven && { root: encodeBase64(walk.proven.root) }),
    checkpointsVerified: walk.checkpointsVerified,
    ...fault,
  }
}

type Fault = { readonly problem: string; readonly firstBadIndex?: number }

const refusalOfKept = ({ problem }: Fault): VerifyResult => ({
  ok: false,
  entries: 0,
  size: 0,
  checkpointsVerified: 0,
  problem: `the checkpoint kept elsewhere: ${problem}`,
})

/** Where the walk over the lines stands. */
type Walk = {
  readonly verifiers: readonly Verifier[]
  readonly kept: Checkpoint | undefined
  readonly sizeMin: number
  readonly digest: Hash
  header: ExportHeader | undefined
  range: CompactRange | undefined
  entries: number
  proven: { readonly size: number; readonly root: Uint8Array } | undefined
  checkpointsVerified: number
  lines: number
  isEnded: boolean
}

const startWalk = (verifiers: readonly Verifier[], kept: Checkpoint | undefined, sizeMin: number): Walk => ({
  verifiers,
  kept,
  sizeMin,
  digest: createHash('sha256'),
  header: undefined,
  range: undefined,
  entries: 0,
  proven: undefined,
  checkpointsVerified: 0,
  lines: 0,
  isEnded: false,
})

const firstFault = async (walk: Walk, lines: AsyncIterable<string> | Iterable<string>): Promise<Fault | undefined> => {
  try {
    for await (const line of lines) {
      const fault = takeText(walk, line)
      if (fault) return fault
    }
  } catch (error) {
    if (!(error instanceof UnreadableLine)) throw error
    return { problem: `line ${walk.lines + 1}: ${error.message}`, ...dueIndex(walk) }
  }
  return walk.isEnded ? undefined : { problem: 'the export breaks off', ...unprovenIndex(walk) }
}

const takeText = (walk: Walk, text: string): Fault | undefined => {
  walk.lines += 1
  if (walk.isEnded) return { problem: 'something follows the end of the export' }
  try {
    const line = parseExportLine(text)
    if (line.kind !== 'end') walk.digest.update(`${text}\n`)
    return takeLine(walk, line)
  } catch (error) {
    if (!(error instanceof InvalidExportLine)) throw error
    const index = text.startsWith('{"checkpoint"') ? unprovenIndex(walk) : dueIndex(walk)
    return { problem: `line ${walk.lines}: ${error.message}`, ...index }
  }
}

const takeLine = (walk: Walk, line: ExportLine): Fault | undefined => {
  if (walk.header === undefined) {
    return line.kind === 'header' ? takeHeader(walk, line) : { problem: 'the first line is not a header' }
  }
  if (walk.range === undefined) {
    const problem = 'the range of the entries before the first is missing'
    return line.kind === 'range' ? takeRange(walk, walk.header, line) : { problem, ...dueIndex(walk) }
  }
  switch (line.kind) {
    case 'entry':
      return takeEntry(walk, walk.header, walk.range, line)
    case 'checkpoint':
      return takeCheckpoint(walk, walk.range, line)
    case 'end':
      return takeEnd(walk, walk.header, walk.range, line)
    default:
      return { problem: `a ${line.kind} stands out of place`, ...dueIndex(walk) }
  }
}

const takeHeader = (walk: Walk, header: ExportHeader): Fault | undefined => {
  if (walk.verifiers.some(({ name }) => name !== header.origin)) return { problem: 'the export is of another log' }
  if (walk.kept && walk.kept.size < header.fromSeq) {
    return { problem: 'the export begins behind the checkpoint kept elsewhere' }
  }
  walk.header = header
  if (header.fromSeq > 0) return undefined
  walk.range = emptyRange
  return differsFromKept(walk, header, emptyRange)
}

const takeRange = (walk: Walk, header: ExportHeader, { hashes }: ExportRange): Fault | undefined => {
  const range = rangeOf(header.fromSeq, hashes)
  if (range === undefined) return { problem: 'the range does not fit the first entry', ...dueIndex(walk) }
  walk.range = range
  return differsFromKept(walk, header, range)
}

const takeEntry = (walk: Walk, header: ExportHeader, range: CompactRange, line: ExportEntry): Fault | undefined => {
  const firstBadIndex = range.size
  if (line.seq !== firstBadIndex) {
    return { problem: `entry ${line.seq} stands where ${firstBadIndex} is due`, firstBadIndex }
  }
  if (walk.entries === header.count) return { problem: 'there are more entries than the header says', firstBadIndex }
  const leaf = leafHash(Buffer.from(line.text))
  if (!leaf.equals(line.leaf)) return { problem: `entry ${firstBadIndex} does not match its hash`, firstBadIndex }
  const grown = appendLeaf(range, leaf).range
  walk.range = grown
  walk.entries += 1
  return differsFromKept(walk, header, grown)
}

const takeCheckpoint = (walk: Walk, range: CompactRange, { note }: ExportCheckpoint): Fault | undefined => {
  const checkpoint = open(note, walk.verifiers)
  if ('problem' in checkpoint) return { ...checkpoint, ...unprovenIndex(walk) }
  if (checkpoint.size !== range.size) {
    return { problem: `a checkpoint of ${checkpoint.size} entries follows ${range.size}`, ...unprovenIndex(walk) }
  }
  const root = rootOf(range)
  if (!isSame(root, checkpoint.root)) {
    return { problem: `the entries are not those of the checkpoint at ${range.size}`, ...unprovenIndex(walk) }
  }
  walk.proven = { size: range.size, root }
  walk.checkpointsVerified += 1
  return undefined
}

const takeEnd = (walk: Walk, header: ExportHeader, range: CompactRange, { digest }: ExportEnd): Fault | undefined => {
  const { kept, sizeMin, entries, proven } = walk
  if (entries !== header.count) {
    return { problem: 'there are fewer entries than the header says', ...unprovenIndex(walk) }
  }
  const sizeDue = Math.max(sizeMin, kept?.size ?? 0)
  if (range.size < sizeDue) {
    const firstBadIndex = proven?.size ?? header.fromSeq
    return { problem: `the log ends at ${range.size} and had ${sizeDue} entries`, firstBadIndex }
  }
  if (proven?.size !== range.size) return { problem: 'no checkpoint covers the last entries', ...unprovenIndex(walk) }
  if (!isSame(walk.digest.digest(), digest)) return { problem: 'the checksum of the export does not match its lines' }
  walk.isEnded = true
  return undefined
}

/** A log signed on from an earlier state agrees with its own checkpoints everywhere; only the kept one can tell. */
const differsFromKept = (walk: Walk, header: ExportHeader, range: CompactRange): Fault | undefined => {
  const { kept } = walk
  if (kept === undefined || kept.size !== range.size || isSame(rootOf(range), kept.root)) return undefined
  // So what the export's own checkpoints said is no proof any more.
  walk.proven = undefined
  return { problem: 'the log is not the one of the checkpoint kept elsewhere', firstBadIndex: header.fromSeq }
}

const open = (note: string, verifiers: readonly Verifier[]): Checkpoint | Fault => {
  try {
    return openCheckpoint(note, verifiers)
  } catch (error) {
    if (isUnbelievable(error)) return { problem: error.message }
    throw error
  }
}

/** The entry that is due on the next line. */
const dueIndex = (walk: Walk): { firstBadIndex?: number } => indexOf(walk, walk.range?.size)

/** The first entry that no good checkpoint covers. */
const unprovenIndex = (walk: Walk): { firstBadIndex?: number } => indexOf(walk, walk.proven?.size)

const indexOf = ({ header }: Walk, index = header?.fromSeq): { firstBadIndex?: number } =>
  header && index !== undefined && index < header.fromSeq + header.count ? { firstBadIndex: index } : {}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
