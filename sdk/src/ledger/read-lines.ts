import { isUtf8 } from 'node:buffer'
import { EXPORT_LINE_CHARS_MAX } from './export-format.ts'

/** Says that bytes are not lines of text. */
export class UnreadableLine extends Error {
  override readonly name = 'UnreadableLine'
}

/**
 * The lines of an export file, read from its bytes in pieces of any size. Strict where a general reader is not: only
 * LF ends a line, the last line is ended too, and bytes that are not UTF-8 are not replaced by others. UnreadableLine
 * at the line where that does not hold or that is too long for an export; holds one line and one piece in memory.
 */
export async function* readLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let held: Uint8Array[] = []
  for await (const piece of pieces) {
    let start = 0
    for (let end = piece.indexOf(LF); end >= 0; end = piece.indexOf(LF, start)) {
      yield decode(Buffer.concat([...held, piece.subarray(start, end)]))
      held = []
      start = end + 1
    }
    if (start < piece.length) held.push(piece.subarray(start))
    if (bytesOf(held) > LINE_BYTES_MAX) throw new UnreadableLine('a line is too long')
  }
  if (held.length > 0) throw new UnreadableLine('the last line is not ended')
}

const LF = 0x0a
const LINE_BYTES_MAX = EXPORT_LINE_CHARS_MAX * 3

const bytesOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0)

const decode = (line: Buffer): string => {
  if (!isUtf8(line)) throw new UnreadableLine('the line is not UTF-8')
  return line.toString('utf8')
}
