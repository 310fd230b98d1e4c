import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../kit/clock.ts'
import { cutSlowReaders, type SlowReaders } from './slow-readers.ts'

/**
 * Answers a request whose body is here as a whole, or gives it back by false. INVARIANT: it decides that at once, and
 * until then nothing was counted, recorded or sent, so that what is given back is answered as if it had not been tried.
 */
export type Lean = (asked: LeanRequest, response: ServerResponse) => boolean

/** A request with nothing odd about it. */
export interface LeanRequest {
  readonly token: string
  readonly body: Buffer
  readonly ip: string
  readonly socket: Socket
  readonly userAgent: string | undefined
  readonly traceparent: string | undefined
  /** The caller's own name of it. */
  readonly named: string | undefined
}

/** Where the few routes that are asked most are answered without the framework; everything else goes on to it. */
export interface Door {
  /** From now on POSTs to this path are tried here first. */
  open(path: string, lean: Lean): void
  /** Takes the request, or does not; `pass` hands it on as it came. */
  take(request: IncomingMessage, response: ServerResponse, pass: () => void): boolean
  /** Whoever answers here says so, as the framework does of each request. */
  readonly slowReaders: SlowReaders
}

const BODY_BYTES_MAX = 256 * 1024
const BEARER = /^Bearer ([\x21-\x7e]{1,8192})$/
const NAME = /^[\x21-\x7e]{1,200}$/

/**
 * The door of a server. What it takes is the plain form in which clients ask: one host, one bearer token, one media type
 * without parameters, a length, and no word of a coding or a proxy. The framework judges every other form, and so there
 * is one place that says what is wrong with a request.
 */
export const createDoor = (clock: Pick<Clock, 'monotonicMs'>): Door => {
  const leans = new Map<string, Lean>()
  const plainHeaders = rememberedHeaders()
  return {
    slowReaders: cutSlowReaders(clock),
    open: (path, lean) => leans.set(path, lean),
    take: (request, response, pass) => {
      if (request.method !== 'POST') return false
      const lean = leans.get(request.url ?? '')
      const plain = lean === undefined ? undefined : plainHeaders(request)
      if (lean === undefined || plain === undefined) return false
      const { bytes } = plain
      onWholeBody(request, bytes, (body) => lean({ ...plain, body, socket: request.socket }, response), pass)
      return true
    },
  }
}

/**
 * Takes a body of this many bytes as the parser has read it, before it becomes a stream, which would cost as much as the
 * decision. A body that comes in parts, and one that is given back, goes on as the stream that it would have been.
 */
const onWholeBody = (
  request: IncomingMessage,
  bytes: number,
  take: (body: Buffer) => boolean,
  pass: () => void,
): void => {
  const { push } = request
  let whole: Buffer | undefined
  const goOn = (...parts: readonly unknown[]): boolean => {
    request.push = push
    let hasRoom = true
    for (const part of parts) hasRoom = request.push(part)
    pass()
    return hasRoom
  }
  // The parser gives each piece of a body by `push`, and null at its end.
  request.push = (part: unknown): boolean => {
    if (part !== null) {
      if (!(part instanceof Buffer) || part.length !== bytes || whole !== undefined)
        return whole === undefined ? goOn(part) : goOn(whole, part)
      whole = part
      return true
    }
    if (whole === undefined) return goOn(null)
    // The end is told to whoever looks after the connection: nothing of this request is left to read.
    return take(whole) ? push.call(request, null) : goOn(whole, null)
  }
}

type Plain = Omit<LeanRequest, 'body' | 'socket'> & { readonly bytes: number }

/** What was read of a connection's last headers: whoever keeps it open mostly sends the same, but for the length. */
interface Remembered {
  readonly raw: readonly string[]
  readonly plain: Plain
}

const rememberedHeaders = (): ((request: IncomingMessage) => Plain | undefined) => {
  const last = new WeakMap<Socket, Remembered>()
  return (request) => {
    const { rawHeaders, socket } = request
    const before = last.get(socket)
    if (before !== undefined) {
      const bytes = bytesOfSame(before, rawHeaders)
      if (bytes !== undefined) return bytes === before.plain.bytes ? before.plain : { ...before.plain, bytes }
    }
    const plain = plainHeaders(request)
    if (plain !== undefined) last.set(socket, { raw: rawHeaders, plain })
    return plain
  }
}

/** The length that these headers tell, when they are otherwise those of before, letter by letter. */
const bytesOfSame = ({ raw, plain }: Remembered, now: readonly string[]): number | undefined => {
  if (raw.length !== now.length) return undefined
  let { bytes } = plain
  for (let at = 0; at < raw.length; at++) {
    const text = now[at] ?? ''
    if (text === raw[at]) continue
    // Only a value can differ, and only that of the one length.
    if (at % 2 === 0 || placeOf(raw[at - 1] ?? '') !== LENGTH) return undefined
    bytes = bytesOf(text)
    if (!(bytes <= BODY_BYTES_MAX)) return undefined
  }
  return bytes
}

/** What the headers say, when each that matters is there once and none is odd. */
const plainHeaders = ({ rawHeaders, socket }: IncomingMessage): Plain | undefined => {
  const found: (string | undefined)[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const place = placeOf(rawHeaders[at] ?? '')
    if (place === IGNORED) continue
    if (place === ODD || found[place] !== undefined) return undefined
    found[place] = rawHeaders[at + 1]
  }
  const ip = socket.remoteAddress
  if (ip === undefined || found[HOST] === undefined || found[TYPE] !== 'application/json') return undefined
  const bytes = bytesOf(found[LENGTH] ?? '')
  const token = BEARER.exec(found[AUTHORIZATION] ?? '')?.[1]
  const named = found[NAMED]
  if (!(bytes <= BODY_BYTES_MAX) || token === undefined || (named !== undefined && !NAME.test(named))) return undefined
  return { token, bytes, ip, named, userAgent: found[AGENT], traceparent: found[TRACE] }
}

/** NaN of what is no length, or none that is written plainly. */
const bytesOf = (text: string): number => (/^[1-9]\d{0,6}$/.test(text) ? Number(text) : Number.NaN)

const [HOST, TYPE, LENGTH, AUTHORIZATION, NAMED, AGENT, TRACE] = [0, 1, 2, 3, 4, 5, 6] as const
const ODD = -1
const IGNORED = -2

// Who stands behind a trusted proxy, and what is coded or awaited, is the framework's to tell.
const PLACES: ReadonlyMap<string, number> = new Map([
  ['host', HOST],
  ['content-type', TYPE],
  ['content-length', LENGTH],
  ['authorization', AUTHORIZATION],
  ['x-request-id', NAMED],
  ['user-agent', AGENT],
  ['traceparent', TRACE],
  ...['transfer-encoding', 'content-encoding', 'expect', 'trailer', 'te', 'upgrade'].map(
    (name) => [name, ODD] as const,
  ),
  // The lean way looks at no certificate, so that what a proxy says of one goes where it is looked at.
  ...['client-cert', 'client-cert-chain'].map((name) => [name, ODD] as const),
  ...['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-by'].map(
    (name) => [name, ODD] as const,
  ),
])

const placeOf = (name: string): number => PLACES.get(name) ?? PLACES.get(name.toLowerCase()) ?? IGNORED
