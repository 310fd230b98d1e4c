import { inflateRawSync } from 'node:zlib'
import {
  type ArchiveBudget,
  ArchiveEnd,
  type ArchiveEntry,
  BAD_NAME,
  entryName,
  LINK,
  tooLarge,
} from './archive-entry.ts'

/** Bytes that can be read anywhere: of a file, or of memory. */
export interface BytesAt {
  readonly size: number
  /** Fewer than asked for at the end. */
  read(at: number, length: number): Buffer
  /** Told when bytes that were read are not needed any more. */
  done(bytes: Buffer): void
}

/**
 * The files of a ZIP archive (APPNOTE 6.3.3, ZIP64 of §4.3.14 and §4.5.3 with it), one in memory at a time. Its directory says how large each is, and no more than
 * that is ever inflated; one that holds more is refused.
 */
export function* zipEntries(file: BytesAt, budget: ArchiveBudget): Generator<ArchiveEntry, void> {
  const { records, shift } = directoryOf(file)
  let at = 0
  while (at + RECORD_BYTES <= records.length && records.readUInt32LE(at) === RECORD_MARK) {
    const record = recordAt(records, at)
    at = record.end
    const { name, isBad } = entryName(record.name)
    if (name.endsWith('/')) continue
    budget.takeEntry()
    const refused = isBad ? BAD_NAME : whyNot(record, budget.limits.entryBytesMax)
    if (refused) yield { name, refused }
    else {
      budget.takeBytes(record.bytes)
      const bytes = bytesOf(file, record, shift)
      yield bytes ? { name, bytes } : { name, refused: ['incomplete', 'broken, or not as large as the archive says'] }
    }
  }
  const isSigned = at + 4 <= records.length && records.readUInt32LE(at) === SIGNATURE_MARK
  if (at !== records.length && !isSigned)
    throw new ArchiveEnd('incomplete', 'a ZIP archive whose directory is broken: the rest of it is not read')
}

interface ZipRecord {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly packedBytes: number
  readonly bytes: number
  readonly isLink: boolean
  readonly offset: number
  readonly end: number
}

const RECORD_MARK = 0x02014b50
const RECORD_BYTES = 46
const END_MARK = 0x06054b50
const END_BYTES = 22
const SIGNATURE_MARK = 0x05054b50
const LARGE_END_MARK = 0x06064b50
const LARGE_END_BYTES = 56
const LOCATOR_MARK = 0x07064b50
const LOCATOR_BYTES = 20
const LARGE_FIELD = 1
const IN_LARGE_FIELD = 0xffffffff
const COMMENT_BYTES_MAX = 0xffff
const DIRECTORY_BYTES_MAX = 8 * 1024 * 1024
const LOCAL_MARK = 0x04034b50
const LOCAL_BYTES = 30
const STORED = 0
const DEFLATED = 8

const directoryOf = (file: BytesAt): { records: Buffer; shift: number } => {
  const tailAt = Math.max(0, file.size - END_BYTES - COMMENT_BYTES_MAX)
  const tail = file.read(tailAt, file.size - tailAt)
  let at = tail.length - END_BYTES
  while (at >= 0 && tail.readUInt32LE(at) !== END_MARK) at -= 1
  if (at < 0) throw new ArchiveEnd('incomplete', 'a ZIP archive without a directory: it is cut off')
  const end = largeEndOf(file, tailAt + at) ?? {
    at: tailAt + at,
    bytes: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  }
  if (end.bytes > DIRECTORY_BYTES_MAX || end.bytes > end.at)
    throw new ArchiveEnd('incomplete', 'a ZIP archive whose directory is not where it says')
  // Something may stand before the archive, which its offsets do not know: a program that unpacks it.
  const start = end.at - end.bytes
  return { records: file.read(start, end.bytes), shift: start - end.offset }
}

interface End {
  /** Where the directory ends. */
  readonly at: number
  readonly bytes: number
  readonly offset: number
}

// What ZIP64 says of the directory stands between it and the old end, whether the old end has room for it or not.
const largeEndOf = (file: BytesAt, endAt: number): End | undefined => {
  const locatorAt = endAt - LOCATOR_BYTES
  const locator = locatorAt < 0 ? Buffer.alloc(0) : file.read(locatorAt, LOCATOR_BYTES)
  if (locator.length < LOCATOR_BYTES || locator.readUInt32LE(0) !== LOCATOR_MARK) return undefined
  // Where something stands before the archive, it is found by its usual size.
  for (const at of [numberAt(locator, 8), locatorAt - LARGE_END_BYTES]) {
    const record = at >= 0 && at <= locatorAt - LARGE_END_BYTES ? file.read(at, LARGE_END_BYTES) : Buffer.alloc(0)
    if (record.length === LARGE_END_BYTES && record.readUInt32LE(0) === LARGE_END_MARK)
      return { at, bytes: numberAt(record, 40), offset: numberAt(record, 48) }
  }
  throw new ArchiveEnd('incomplete', 'a ZIP64 archive whose directory is not where it says')
}

// More than 2^53 is no place in any file, and as good as that.
const numberAt = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at))

const recordAt = (records: Buffer, at: number): ZipRecord => {
  const nameAt = at + RECORD_BYTES
  const nameEnd = nameAt + records.readUInt16LE(at + 28)
  // Where a Unix made it, the upper half is the mode of the file.
  const type = (records.readUInt32LE(at + 38) >>> 28) & 0xf
  const extraEnd = nameEnd + records.readUInt16LE(at + 30)
  const large = largeNumbers(records.subarray(nameEnd, extraEnd))
  // Only what has no room in the record stands there, in this order.
  const [bytes = 0, packedBytes = 0, offset = 0] = [24, 20, 42].map((field) => {
    const told = records.readUInt32LE(at + field)
    return told === IN_LARGE_FIELD ? (large.shift() ?? told) : told
  })
  return {
    name: records.toString('utf8', nameAt, nameEnd),
    flags: records.readUInt16LE(at + 8),
    method: records.readUInt16LE(at + 10),
    packedBytes,
    bytes,
    isLink: type === 0xa,
    offset,
    end: extraEnd + records.readUInt16LE(at + 32),
  }
}

const largeNumbers = (extra: Buffer): number[] => {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2)
    if (extra.readUInt16LE(at) === LARGE_FIELD) {
      const count = Math.min(3, (Math.min(end, extra.length) - at - 4) >> 3)
      return Array.from({ length: count }, (_, index) => numberAt(extra, at + 4 + index * 8))
    }
    at = end
  }
  return []
}

const whyNot = ({ flags, method, bytes, packedBytes, isLink }: ZipRecord, bytesMax: number) => {
  if (isLink) return LINK
  if ((flags & 1) === 1) return ['incomplete', 'encrypted in its archive'] as const
  if (method !== STORED && method !== DEFLATED) return ['incomplete', 'packed in a way that is not read'] as const
  const larger = Math.max(bytes, packedBytes - PACKING_BYTES_MAX)
  return larger > bytesMax ? tooLarge(larger, bytesMax) : undefined
}

// What cannot be made smaller becomes a little larger.
const PACKING_BYTES_MAX = 65_536

const bytesOf = (file: BytesAt, record: ZipRecord, shift: number): Buffer | undefined => {
  const at = record.offset + shift
  if (at < 0 || at + LOCAL_BYTES > file.size) return undefined
  const local = file.read(at, LOCAL_BYTES)
  if (local.length < LOCAL_BYTES || local.readUInt32LE(0) !== LOCAL_MARK) return undefined
  const dataAt = at + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28)
  const packed = file.read(dataAt, record.packedBytes)
  if (packed.length < record.packedBytes) return undefined
  if (record.method === STORED) return packed.length === record.bytes ? packed : undefined
  if (record.bytes === 0) return Buffer.alloc(0)
  try {
    // INVARIANT: no more room than the directory says, in one piece: a bomb that lies about its size stops there.
    const bytes = inflateRawSync(packed, { maxOutputLength: record.bytes, chunkSize: Math.max(record.bytes, 64) })
    return bytes.length === record.bytes ? bytes : undefined
  } catch {
    // Whatever is wrong with it, it is told as not read.
    return undefined
  } finally {
    file.done(packed)
  }
}
