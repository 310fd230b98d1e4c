import { createHash } from 'node:crypto'
import { loadRange } from './compact-range.ts'
import { type ExportLine, formatExportLine } from './export-format.ts'
import type { GetNode } from './merkle.ts'

/** Which part of which log is exported: the entries from `fromSeq` up to, not including, `toSize`. */
export type ExportPart = {
  readonly origin: string
  readonly exportedAt: Date
  readonly fromSeq: number
  readonly toSize: number
}

/**
 * An entry as the log holds it: its number, the hash of its leaf when it was numbered, and its canonical text, of
 * which one member is `seq`. The text and not the object, for what is not parsed cannot be misread.
 */
export type StoredEntry = { readonly seq: number; readonly leaf: Uint8Array; readonly text: string }

/** A signed checkpoint as the log holds it, and the number of entries that it covers. */
export type StoredCheckpoint = { readonly size: number; readonly note: string }

/** What an export reads from a log. */
export type ExportReaders = {
  /** The entries with fromSeq <= seq < toSize, by seq. */
  entries(fromSeq: number, toSize: number): AsyncIterable<StoredEntry>
  /** The checkpoints with fromSize <= size <= toSize, by size; one of toSize itself must be among them. */
  checkpoints(fromSize: number, toSize: number): AsyncIterable<StoredCheckpoint>
  readonly getNode: GetNode
}

/**
 * The lines of an export, without their LF, in constant memory. It writes what the log holds and judges nothing: a
 * log that was tampered with must still be exported, for the verifier to say where. The leaf hash is the stored
 * one, for the same reason. InvalidExportLine when an entry is too long to be written.
 */
export async function* exportLines(part: ExportPart, readers: ExportReaders): AsyncGenerator<string, void, undefined> {
  const digest = createHash('sha256')
  for await (const line of linesOf(part, readers)) {
    const text = formatExportLine(line)
    digest.update(`${text}\n`)
    yield text
  }
  yield formatExportLine({ kind: 'end', digest: digest.digest() })
}

async function* linesOf(part: ExportPart, readers: ExportReaders): AsyncGenerator<ExportLine, void, undefined> {
  const { origin, exportedAt, fromSeq, toSize } = part
  yield { kind: 'header', origin, exportedAt: exportedAt.toISOString(), fromSeq, count: toSize - fromSeq }
  if (fromSeq > 0) yield { kind: 'range', hashes: (await loadRange(fromSeq, readers.getNode)).hashes }
  const checkpoints = readers.checkpoints(fromSeq, toSize)[Symbol.asyncIterator]()
  let checkpoint = await checkpoints.next()
  for await (const { seq, leaf, text } of readers.entries(fromSeq, toSize)) {
    for (; !checkpoint.done && checkpoint.value.size <= seq; checkpoint = await checkpoints.next()) {
      yield { kind: 'checkpoint', note: checkpoint.value.note }
    }
    yield { kind: 'entry', seq, leaf, text }
  }
  for (; !checkpoint.done; checkpoint = await checkpoints.next()) {
    yield { kind: 'checkpoint', note: checkpoint.value.note }
  }
}
