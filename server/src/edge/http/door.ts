import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../kit/clock.ts'
import type { Log } from '../../kit/log.ts'
import { inPlace, type LeavePlace } from '../../kit/place.ts'
import { type LeanResponse, leanResponse } from './lean-response.ts'
import { createOverload, type Limited, leaving, type Overload } from './overload.ts'
import { cutSlowReaders, type SlowReaders } from './slow-readers.ts'

/**
 * Answers a request whose body is here as a whole, or gives it back by false: at once, unless whoever asks may wait. INVARIANT:
 * until then nothing was counted, recorded or sent, so that what is given back is answered as if it had not been tried.
 */
export type Lean = (asked: LeanRequest, response: LeanResponse) => boolean | Promise<boolean>

/** A request with nothing odd about it. */
export interface LeanRequest {
  /** The value of the Authorization header. */
  readonly authorization: string | undefined
  /** The bearer token in it. */
  readonly token: string | undefined
  readonly dpop: string | undefined
  readonly accept: string | undefined
  readonly body: Buffer
  readonly ip: string
  readonly socket: Socket
  readonly userAgent: string | undefined
  readonly traceparent: string | undefined
  /** The caller's own name of it. */
  readonly named: string | undefined
  /** Whether it may be given back later. */
  readonly mayWait: boolean
}

/** What is read at the door: bodies of these media types, written so, and no larger than that. */
export interface Readable {
  readonly types: readonly string[]
  readonly bodyBytesMax: number
}

/** A path at the door. */
export interface Opened {
  readonly readable: Readable
  readonly lean: Lean
  /** Undefined where nobody is sent away. */
  readonly limited?: Limited | undefined
}

/** Where the few routes that are asked most are answered without the framework; everything else goes on to it. */
export interface Door {
  /** From now on POSTs to this path are tried here first. */
  open(path: string, readable: Readable, lean: Lean): void
  /** From now on whoever asks by POST at this path is let in, waits, or is sent away, whichever way it comes. */
  limit(path: string, limited: Limited): void
  /** Whether nobody asks at this path but as `limit` has it. */
  isLimited(path: string): boolean
  readonly enterNow: Overload['enterNow']
  readonly enter: Overload['enter']
  readonly counts: Overload['counts']
  /** The framework has answered this request. */
  answered(request: IncomingMessage): void
  /** Takes the request, or does not; `pass` hands it on as it came. */
  take(request: IncomingMessage, response: ServerResponse, pass: () => void): boolean
  /** What was opened there. */
  find(path: string): Opened | undefined
  /** From now on nothing is taken but through Node's server, which tells each that its connection ends. */
  shut(): void
  isShut(): boolean
  /** Whoever answers here says so, as the framework does of each request. */
  readonly slowReaders: SlowReaders
  /** Does this; of what nobody expected the log tells, and it is undefined: the connection is to be cut, and nothing else ends. */
  tried<T>(work: () => T): T | undefined
}

const BEARER = /^Bearer ([\x21-\x7e]{1,8192})$/
const NAME = /^[\x21-\x7e]{1,200}$/

/**
 * The door of a server. What it takes is the plain form in which clients ask: one host, one media type in one of the
 * writings that the path reads, a length, and no word of a coding or a proxy. The framework judges every other form, and so there
 * is one place that says what is wrong with a request.
 */
export const createDoor = (
  clock: Pick<Clock, 'monotonicMs'>,
  log: Pick<Log, 'error'>,
  overload: Overload = createOverload(clock),
): Door => {
  const paths = new Map<string, Opened>()
  const limits = new Map<string, Limited>()
  const places = new WeakMap<IncomingMessage, () => void>()
  const plainHeaders = rememberedHeaders()
  const slowReaders = cutSlowReaders(clock)
  let isShut = false
  const unexpected = (err: unknown): undefined => {
    log.error({ err }, 'unexpected error at the door')
    return undefined
  }
  const tried: Door['tried'] = (work) => {
    try {
      return work()
    } catch (error) {
      return unexpected(error)
    }
  }
  /** Whatever becomes of it, at once or later, ends no more than this connection. */
  const guarded =
    (lean: Lean): Lean =>
    (asked, response) => {
      const broken = (): true => {
        response.destroy()
        return true
      }
      const taken = tried(() => lean(asked, response)) ?? broken()
      if (!(taken instanceof Promise)) return taken
      return taken.catch((error: unknown) => {
        // Nothing came of it: the ordinary way meets the same, and tells it.
        if (!response.isSent()) return false
        unexpected(error)
        return broken()
      })
    }
  /** Begins with what is here as a whole: at the door, or in the framework when that gives it back. */
  const beginner =
    (request: IncomingMessage, answer: LeanResponse, at: { readonly lean: Lean; readonly head: Plain } | undefined) =>
    ({ body, end, goOn }: Whole, leave: LeavePlace): void => {
      if (at !== undefined) {
        const asked = { ...at.head, body: body(), socket: request.socket, mayWait: false }
        if (inPlace(leave, at.lean, asked, leaving(answer, leave)) === true) {
          end()
          return
        }
      }
      places.set(request, leave)
      inPlace(leave, goOn)
    }

  return {
    slowReaders,
    tried,
    find: (path) => paths.get(path),
    shut: () => {
      isShut = true
      overload.release()
    },
    isShut: () => isShut,
    open: (path, readable, lean) => paths.set(path, { readable, lean: guarded(lean), limited: limits.get(path) }),
    limit: (path, limited) => {
      limits.set(path, limited)
      const opened = paths.get(path)
      if (opened !== undefined) paths.set(path, { ...opened, limited })
    },
    isLimited: (path) => limits.has(path),
    enterNow: overload.enterNow,
    enter: overload.enter,
    counts: overload.counts,
    answered: (request) => places.get(request)?.(),
    take: (request, response, pass) => {
      if (request.method !== 'POST') return false
      const { url = '', socket } = request
      const opened = paths.get(url)
      const limited = limits.get(url.split('?', 1)[0] ?? '')
      const head = opened === undefined ? undefined : plainHeaders(request)
      const isLean = opened !== undefined && head !== undefined && isReadable(opened, head.type, head.bytes)
      if (!isLean && limited === undefined) return false
      const answer = leanResponse(response, { slowReaders, tried })
      const begin = beginner(request, answer, isLean ? { lean: opened.lean, head } : undefined)
      if (limited === undefined) {
        onWholeBody(request, { bytes: head?.bytes }, pass, (whole) => begin(whole, NOBODY))
        return true
      }
      const ip = socket.remoteAddress ?? ''
      onWholeBody(request, limited, pass, (whole) =>
        overload.enter({
          ...{ limited, ip, socket, body: whole.body, response: answer, drop: whole.end },
          begin: (leave) => begin(whole, leave),
        }),
      )
      return true
    },
  }
}

const NOBODY = (): void => undefined

/** Whether the path is read at the door when it is asked like this. */
export const isReadable = ({ readable }: Opened, type: string, bytes: number): boolean =>
  readable.types.includes(type) && bytes <= readable.bodyBytesMax

/** A body that the parser has read to its end, before it becomes a stream. */
interface Whole {
  body(): Buffer
  /** Nothing of it is needed any more. */
  end(): void
  /** Hands it on as the stream that it would have been. */
  goOn(): void
}

/**
 * Takes a body as the parser has read it, before it becomes a stream, which would cost as much as the decision: one piece
 * of so many bytes, or all pieces up to a bound. What is otherwise goes on as the stream that it would have been.
 */
const onWholeBody = (
  request: IncomingMessage,
  { bytes, bodyBytesMax }: { readonly bytes?: number | undefined; readonly bodyBytesMax?: number },
  pass: () => void,
  whole: (body: Whole) => void,
): void => {
  const { push } = request
  let parts: Buffer[] = []
  let size = 0
  const goOn = (...more: readonly unknown[]): boolean => {
    request.push = push
    let hasRoom = true
    for (const part of [...parts, ...more]) hasRoom = request.push(part)
    parts = []
    pass()
    return hasRoom
  }
  const isKept = (part: unknown): part is Buffer => {
    if (!(part instanceof Buffer)) return false
    return bodyBytesMax === undefined ? size === 0 && part.length === bytes : size + part.length <= bodyBytesMax
  }
  // The parser gives each piece of a body by `push`, and null at its end.
  request.push = (part: unknown): boolean => {
    if (part !== null) {
      if (!isKept(part)) return goOn(part)
      parts.push(part)
      size += part.length
      return true
    }
    whole({
      body: () => (parts.length === 1 ? (parts[0] ?? EMPTY) : Buffer.concat(parts)),
      // The end is told to whoever looks after the connection: nothing of this request is left to read.
      end: () => {
        parts = []
        push.call(request, null)
      },
      goOn: () => goOn(null),
    })
    return true
  }
}

const EMPTY = Buffer.alloc(0)

/** What the head of a plain request says. */
export type Plain = Omit<LeanRequest, 'body' | 'socket' | 'mayWait'> & { readonly bytes: number; readonly type: string }

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
    if (Number.isNaN(bytes)) return undefined
  }
  return bytes
}

const plainHeaders = ({ rawHeaders, socket }: IncomingMessage): Plain | undefined =>
  plainOf(rawHeaders, socket.remoteAddress)

/** What the headers say, names and values in turn, when each that matters is there once and none is odd. */
export const plainOf = (rawHeaders: readonly string[], ip: string | undefined): Plain | undefined => {
  const found: (string | undefined)[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const place = placeOf(rawHeaders[at] ?? '')
    if (place === IGNORED) continue
    if (place === ODD || found[place] !== undefined) return undefined
    found[place] = rawHeaders[at + 1]
  }
  const type = found[TYPE]
  if (ip === undefined || type === undefined || found[HOST] === undefined) return undefined
  const bytes = bytesOf(found[LENGTH] ?? '')
  const authorization = found[AUTHORIZATION]
  const token = BEARER.exec(authorization ?? '')?.[1]
  const named = found[NAMED]
  if (Number.isNaN(bytes) || (named !== undefined && !NAME.test(named))) return undefined
  const more = { dpop: found[DPOP], accept: found[ACCEPT], userAgent: found[AGENT], traceparent: found[TRACE] }
  return { authorization, token, type, bytes, ip, named, ...more }
}

/** NaN of what is no length, or none that is written plainly. */
const bytesOf = (text: string): number => (/^[1-9]\d{0,6}$/.test(text) ? Number(text) : Number.NaN)

const [HOST, TYPE, LENGTH, AUTHORIZATION, NAMED, AGENT, TRACE, DPOP, ACCEPT] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const
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
  ['dpop', DPOP],
  ['accept', ACCEPT],
  ...['transfer-encoding', 'content-encoding', 'expect', 'trailer', 'te', 'upgrade'].map(
    (name) => [name, ODD] as const,
  ),
  // What a proxy says of a certificate goes where it is looked at whether that one may.
  ...['client-cert', 'client-cert-chain'].map((name) => [name, ODD] as const),
  ...['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-by'].map(
    (name) => [name, ODD] as const,
  ),
])

const placeOf = (name: string): number => PLACES.get(name) ?? PLACES.get(name.toLowerCase()) ?? IGNORED
