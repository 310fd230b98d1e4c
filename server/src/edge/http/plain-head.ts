import { type Opened, type Plain, plainOf } from './door.ts'

/** A request that stands in one piece of what came, and is all of it. */
export interface PlainRequest {
  readonly opened: Opened
  /** What the head says, but for the length, which is that of the body. */
  readonly plain: Omit<Plain, 'bytes'>
  readonly body: Buffer
}

/** Reads requests of one connection: undefined for whatever is not plain, which is Node's to read. */
export type ReadPlain = (piece: Buffer, ip: string) => PlainRequest | undefined

/** What was read of the head before: whoever keeps a connection open mostly sends the same, but for the length. */
interface Known {
  /** Up to the digits of the length. */
  readonly before: Buffer
  /** From behind them to the end of the head. */
  readonly after: Buffer
  readonly opened: Opened
  readonly plain: PlainRequest['plain']
}

// RFC 9112 §2.2 and §5: lines end in CRLF, no white space before the colon, none is folded. What else a head may hold and some
// read otherwise is not plain: bytes above ASCII, controls, an empty name.
const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}): ?((?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?)$/
const LENGTH = /\r\ncontent-length: ?([1-9][0-9]{0,6})\r\n/i
const END = '\r\n\r\n'
const HEAD_MAX = 12 * 1024
const HEADERS_MAX = 60

/**
 * Reads requests in the one form that most clients send: a head that has only one reading, with its length, and its body in
 * the same piece as a whole. INVARIANT: it accepts less than the grammar does, and what it accepts, Node's own parser reads the
 * same way. Where anything is odd it reads nothing.
 */
export const createReadPlain = (find: (path: string) => Opened | undefined): ReadPlain => {
  let known: Known | undefined
  return (piece, ip) => (known === undefined ? undefined : readKnown(known, piece)) ?? readNew(piece, ip)

  function readNew(piece: Buffer, ip: string): PlainRequest | undefined {
    const text = piece.toString('latin1')
    const end = text.indexOf(END)
    if (end < 0 || end > HEAD_MAX) return undefined
    const head = text.slice(0, end + END.length)
    const opened = find(pathOf(head))
    const raw = opened === undefined ? undefined : headersOf(head)
    const plain = raw === undefined ? undefined : plainOf(raw, ip)
    const length = LENGTH.exec(head)
    if (opened === undefined || plain === undefined || length === null) return undefined
    if (head.length + plain.bytes !== piece.length) return undefined
    const digits = length.index + length[0].length - 2 - (length[1]?.length ?? 0)
    const behind = digits + (length[1]?.length ?? 0)
    // Copies: a part of the piece would keep all of it.
    const [before, after] = [piece.subarray(0, digits), piece.subarray(behind, head.length)].map((part) =>
      Buffer.from(part),
    )
    if (before !== undefined && after !== undefined) known = { before, after, opened, plain }
    return { opened, plain, body: piece.subarray(head.length) }
  }
}

// By its bytes: a text of each head would be made to be thrown away.
const readKnown = ({ before, after, opened, plain }: Known, piece: Buffer): PlainRequest | undefined => {
  if (!isAt(before, piece, 0)) return undefined
  let bytes = 0
  let at = before.length
  for (; at < before.length + DIGITS_MAX; at++) {
    const digit = (piece[at] ?? 0) - 48
    if (!(digit >= 0 && digit <= 9) || (digit === 0 && bytes === 0)) break
    bytes = bytes * 10 + digit
  }
  const start = at + after.length
  if (bytes === 0 || start + bytes !== piece.length || !isAt(after, piece, at)) return undefined
  return { opened, plain, body: piece.subarray(start) }
}

const isAt = (part: Buffer, piece: Buffer, at: number): boolean =>
  at + part.length <= piece.length && piece.compare(part, 0, part.length, at, at + part.length) === 0

const DIGITS_MAX = 7
const [METHOD, VERSION] = ['POST ', ' HTTP/1.1']

/** The path of the first line; empty when that line is not plain. */
const pathOf = (head: string): string => {
  const line = head.slice(0, head.indexOf('\r\n'))
  return line.startsWith(METHOD) && line.endsWith(VERSION) ? line.slice(METHOD.length, -VERSION.length) : ''
}

/** Names and values in turn, as Node gives them; undefined when a line is not plain or asks something of the connection. */
const headersOf = (head: string): readonly string[] | undefined => {
  const lines = head.slice(0, -END.length).split('\r\n')
  if (lines.length > HEADERS_MAX) return undefined
  const raw: string[] = []
  for (const line of lines.slice(1)) {
    const [, name, value] = LINE.exec(line) ?? []
    if (name === undefined || value === undefined || !isPlainFor(name.toLowerCase(), value)) return undefined
    raw.push(name, value)
  }
  return raw
}

/** Whatever is said to the one at the other end of this connection is Node's to follow, but for what is so anyway. */
const isPlainFor = (name: string, value: string): boolean => {
  if (name === 'connection') return value.toLowerCase() === 'keep-alive'
  return !name.startsWith('proxy-') && name !== 'keep-alive' && name !== 'http2-settings'
}
