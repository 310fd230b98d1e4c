import { decodeHash, encodeBase64 } from './base64.ts'
import { canonicalize, NotCanonical } from './canonical.ts'
import { parseEscapedNames } from './parse-escaped-names.ts'
import { printable } from './printable.ts'

/**
 * The export of an audit log, `reeve-audit/1`: UTF-8 lines, each ended by one LF, in this order
 *
 *     {"format":"reeve-audit/1","origin":…,"exportedAt":…,"fromSeq":n,"count":n}
 *     {"range":[…]}                     only when fromSeq > 0: the compact range of the entries before
 *     {"seq":n,"leaf":…,"entry":{…}}    count times, seq rising by one from fromSeq
 *     {"checkpoint":"…"}                among the entries, right behind the last one that it covers
 *     {"end":…}                         the SHA-256 of all lines before, each with its LF
 *
 * Hashes are standard base64. A leaf is the tree's hash (RFC 9162 §2.1.1) of the UTF-8 text of canonicalize(entry);
 * entries are numbered from 0 and entry.seq says seq again. Every line has exactly one way of being written: members
 * in the order above, the entry canonical, and `printable` over the whole. `exportedAt` and `end` are not signed:
 * they find damage; the checkpoints find malice.
 */
export const EXPORT_FORMAT = 'reeve-audit/1'

/** The longest line that is written or read, in UTF-16 code units. */
export const EXPORT_LINE_CHARS_MAX = 1_048_576

/** Line 1: what is exported; `exportedAt` as Date.toISOString writes it. */
export type ExportHeader = {
  readonly kind: 'header'
  readonly origin: string
  readonly exportedAt: string
  readonly fromSeq: number
  readonly count: number
}

/** What must be known of the entries before the first one: hashes of complete subtrees, greatest first. */
export type ExportRange = { readonly kind: 'range'; readonly hashes: readonly Uint8Array[] }

/** An entry, as its canonical text, and the leaf hash that the log holds for it. */
export type ExportEntry = {
  readonly kind: 'entry'
  readonly seq: number
  readonly leaf: Uint8Array
  readonly text: string
}

/** A checkpoint as the log signed it. */
export type ExportCheckpoint = { readonly kind: 'checkpoint'; readonly note: string }

/** The last line: the SHA-256 of all lines before. */
export type ExportEnd = { readonly kind: 'end'; readonly digest: Uint8Array }

/** One line, taken apart. */
export type ExportLine = ExportHeader | ExportRange | ExportEntry | ExportCheckpoint | ExportEnd

/** Says why a text is not a line of an export. */
export class InvalidExportLine extends Error {
  override readonly name = 'InvalidExportLine'
}

/** Writes a line, without its LF; InvalidExportLine when it would be too long to be read. */
export const formatExportLine = (line: ExportLine): string => {
  const text = printable(format(line))
  if (text.length > EXPORT_LINE_CHARS_MAX) throw new InvalidExportLine('the line is too long')
  return text
}

/** Reads a line, without its LF; InvalidExportLine unless it is exactly as formatExportLine writes it. */
export const parseExportLine = (text: string): ExportLine => {
  if (text.length > EXPORT_LINE_CHARS_MAX) throw new InvalidExportLine('the line is too long')
  const line = read(parseJson(text))
  if (line === undefined) throw new InvalidExportLine('the line is malformed')
  if (formatExportLine(line) === text) return line
  // An entry is read again before anybody is accused: it may be the engine that took one name for another. Its depth
  // is bounded, for it has a canonical text; a raw DEL is not printable.
  if (line.kind === 'entry' && !text.includes('\u007f')) {
    const again = read(parseEscapedNames(text))
    if (again !== undefined && formatExportLine(again) === text) return again
  }
  // Whatever JSON lets pass, spaces, member order, a name given twice, other escapes, is a change of the file.
  throw new InvalidExportLine('the line is not written as the format writes it')
}

const format = (line: ExportLine): string => {
  switch (line.kind) {
    case 'header': {
      const { origin, exportedAt, fromSeq, count } = line
      return JSON.stringify({ format: EXPORT_FORMAT, origin, exportedAt, fromSeq, count })
    }
    case 'range':
      return JSON.stringify({ range: line.hashes.map(encodeBase64) })
    case 'entry':
      return `{"seq":${line.seq},"leaf":"${encodeBase64(line.leaf)}","entry":${line.text}}`
    case 'checkpoint':
      return JSON.stringify({ checkpoint: line.note })
    case 'end':
      return JSON.stringify({ end: encodeBase64(line.digest) })
  }
}

const read = (json: unknown): ExportLine | undefined => {
  if (!isRecord(json)) return undefined
  if ('entry' in json) return readEntry(json)
  if ('checkpoint' in json) {
    return typeof json.checkpoint === 'string' ? { kind: 'checkpoint', note: json.checkpoint } : undefined
  }
  if ('format' in json) return readHeader(json)
  if ('range' in json) return readRange(json.range)
  const digest = readHash(json.end)
  return digest && { kind: 'end', digest }
}

const readEntry = ({ seq, leaf: leafText, entry }: Record<string, unknown>): ExportEntry | undefined => {
  const leaf = readHash(leafText)
  if (!isCount(seq) || leaf === undefined || !isRecord(entry)) return undefined
  if (entry.seq !== seq) throw new InvalidExportLine('the entry bears another number than its line')
  try {
    return { kind: 'entry', seq, leaf, text: canonicalize(entry) }
  } catch (error) {
    if (error instanceof NotCanonical) throw new InvalidExportLine(error.message)
    throw error
  }
}

const readHeader = (json: Record<string, unknown>): ExportHeader | undefined => {
  const { format, origin, exportedAt, fromSeq, count } = json
  if (format !== EXPORT_FORMAT) throw new InvalidExportLine(`the format is not ${EXPORT_FORMAT}`)
  if (typeof origin !== 'string' || !isInstant(exportedAt) || !isCount(fromSeq) || !isCount(count)) return undefined
  return Number.isSafeInteger(fromSeq + count) ? { kind: 'header', origin, exportedAt, fromSeq, count } : undefined
}

const readRange = (range: unknown): ExportRange | undefined => {
  if (!Array.isArray(range)) return undefined
  const hashes = range.map(readHash).filter((hash) => hash !== undefined)
  return hashes.length === range.length ? { kind: 'range', hashes } : undefined
}

const readHash = (text: unknown): Uint8Array | undefined => (typeof text === 'string' ? decodeHash(text) : undefined)

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

const isInstant = (value: unknown): value is string => {
  const at = typeof value === 'string' ? new Date(value) : new Date(Number.NaN)
  return !Number.isNaN(at.getTime()) && at.toISOString() === value
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidExportLine('the line is not JSON')
  }
}
