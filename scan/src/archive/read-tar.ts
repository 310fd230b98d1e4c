import {
  type ArchiveBudget,
  ArchiveEnd,
  type ArchiveEntry,
  BAD_NAME,
  entryName,
  LINK,
  tooLarge,
} from './archive-entry.ts'
import type { ByteReader } from './byte-reader.ts'

/** The files of a tar archive (POSIX.1-2017 pax, ustar and GNU's long names), one in memory at a time. */
export async function* tarEntries(reader: ByteReader, budget: ArchiveBudget): AsyncGenerator<ArchiveEntry, void> {
  let said: Said = {}
  for (;;) {
    const block = await reader.take(BLOCK_BYTES)
    if (block.length === 0 || isZero(block)) return
    const header = headerOf(block)
    if (!header) throw new ArchiveEnd('incomplete', 'a tar archive that is broken or cut off: the rest is not read')
    const bytes = said.bytes ?? header.bytes
    if (SAYS_MORE.has(header.type)) {
      said = { ...said, ...(await whatIsSaid(reader, header.type, bytes)) }
      continue
    }
    const named = entryName(said.path ?? header.name)
    said = {}
    const entry =
      header.type === 'directory' ? undefined : await entryOf(reader, { ...header, ...named, bytes }, budget)
    if (entry) yield entry
    const isRead = entry !== undefined && 'bytes' in entry
    if (!(await reader.skip((isRead ? 0 : bytes) + paddingOf(bytes)))) throw CUT_OFF()
  }
}

interface Said {
  readonly path?: string
  readonly bytes?: number
}

const whatIsSaid = async (reader: ByteReader, type: string, bytes: number): Promise<Said> => {
  if (bytes > NAMES_BYTES_MAX) throw new ArchiveEnd('incomplete', 'a tar archive with too long a name: not read on')
  const text = (await reader.take(bytes)).toString('utf8')
  await reader.skip(paddingOf(bytes))
  if (type === 'x') return paxOf(text)
  // What is said of all that follows holds no name and no size that we would believe; a link is not followed anyway.
  return type === 'L' ? { path: text.split('\0')[0] ?? '' } : {}
}

const entryOf = async (
  reader: ByteReader,
  { name, isBad, type, bytes }: { name: string; isBad: boolean; type: string; bytes: number },
  budget: ArchiveBudget,
): Promise<ArchiveEntry> => {
  budget.takeEntry()
  const refused = isBad ? BAD_NAME : whyNot(type, bytes, budget)
  if (refused) return { name, refused }
  const content = await reader.take(bytes)
  if (content.length < bytes) throw CUT_OFF()
  return { name, bytes: content }
}

const CUT_OFF = () => new ArchiveEnd('incomplete', 'a tar archive that is cut off')
const paddingOf = (bytes: number): number => (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES

const BLOCK_BYTES = 512
const NAMES_BYTES_MAX = 65_536
// Headers of pax for the next file and for all, long names of GNU and long targets of its links.
const SAYS_MORE = new Set(['x', 'g', 'L', 'K'])

const whyNot = (type: string, bytes: number, { limits }: ArchiveBudget) => {
  if (type !== 'file') return LINK
  return bytes > limits.entryBytesMax ? tooLarge(bytes, limits.entryBytesMax) : undefined
}

const headerOf = (block: Buffer): { name: string; bytes: number; type: string } | undefined => {
  if (block.length < BLOCK_BYTES || !isSummed(block)) return undefined
  const bytes = numberAt(block, 124, 12)
  if (bytes === undefined) return undefined
  const prefix = block.toString('latin1', 257, 262) === 'ustar' && block[262] === 0 ? textAt(block, 345, 155) : ''
  const name = textAt(block, 0, 100)
  const type = String.fromCharCode(block[156] ?? 0)
  return { name: prefix === '' ? name : `${prefix}/${name}`, bytes, type: TYPES.get(type) ?? type }
}

const TYPES = new Map([
  ['0', 'file'],
  ['\0', 'file'],
  ['7', 'file'],
  ['5', 'directory'],
])

// The sum of all bytes, its own eight counted as blanks.
const isSummed = (block: Buffer): boolean => {
  let sum = 0
  for (let at = 0; at < BLOCK_BYTES; at += 1) sum += at >= 148 && at < 156 ? 32 : (block[at] ?? 0)
  return numberAt(block, 148, 8) === sum
}

const isZero = (block: Buffer): boolean => block.every((byte) => byte === 0)

const textAt = (block: Buffer, at: number, length: number): string => {
  const end = block.subarray(at, at + length).indexOf(0)
  return block.toString('utf8', at, end === -1 ? at + length : at + end)
}

const numberAt = (block: Buffer, at: number, length: number): number | undefined => {
  // GNU's form of what does not fit into octal digits: more than we would ever read.
  if (((block[at] ?? 0) & 0x80) !== 0) return undefined
  const digits = block
    .toString('latin1', at, at + length)
    .replace(/[\0 ]{1,12}$/, '')
    .trimStart()
  return /^[0-7]{0,12}$/.test(digits) ? Number.parseInt(digits || '0', 8) : undefined
}

// `27 path=some/name\n`: how long the line is, a blank, a key and a value.
const paxOf = (text: string): { path?: string; bytes?: number } => {
  const fields = new Map(
    text.split('\n').map((line): [string, string] => {
      const [, key = '', value = ''] = /^\d{1,9} ([^=]{1,100})=(.*)$/.exec(line) ?? []
      return [key, value]
    }),
  )
  const path = fields.get('path')
  const size = fields.get('size')
  return {
    ...(path === undefined ? {} : { path }),
    ...(size !== undefined && /^\d{1,15}$/.test(size) ? { bytes: Number(size) } : {}),
  }
}
