import { lookup as systemLookup } from 'node:dns/promises'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { createNameLookups, type Lookup, type Resolved } from './name-lookups.ts'
import { createReach, type Reach } from './reachable.ts'

/** The one way out (design rule 11): to somebody else's server, bounded in time and size. Throws `OutboundError` and nothing else. */
export interface Outbound {
  getJson(url: string): Promise<Fetched>
  /** The same of the answer to a form that is posted with these headers, `host` among them where it is another one's. */
  postForm(url: string, form: PostedForm): Promise<Fetched>
  /** Posts a text; whatever the status, its answer is handed over, as far as it is short. */
  post(url: string, message: OutboundMessage): Promise<Posted>
}

/**
 * The same way out for a vendor's own client, which knows what it asks: held to the same addresses, size and time, and
 * following no redirect.
 */
export interface Reaching {
  /** Whatever was asked, and whatever is answered, whole. */
  send(url: string, message: SentMessage): Promise<Answered>
  /** The addresses of a host that may be dialled, for a protocol that is not HTTP. */
  addresses(host: string): Promise<Dialled>
}

/** Any request. */
export interface SentMessage {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly bytesMax: number
  readonly secondsMax: number
  /** CAs, in PEM, that its server's certificate is of, instead of the public ones. */
  readonly ca?: string | undefined
}

/** An answer that came whole; nothing of it is believed. */
export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
}

/** Where a host is. */
export interface Dialled {
  readonly addresses: readonly Resolved[]
  /** Outside of the networks that were allowed by name, nothing goes without TLS. */
  readonly mustEncrypt: boolean
}

/** A form that is posted. */
export interface PostedForm {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A text that is posted. */
export interface OutboundMessage {
  readonly type: string
  readonly body: string
  /** The value of the Authorization header. */
  readonly authorization?: string | undefined
  /** Further headers, such as those of a signature. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What came of it. */
export interface Posted {
  readonly status: number
  /** What it answered, if that was JSON; nothing of it is believed. */
  readonly value: unknown
}

/** A document, and for how long it may be believed without asking again. */
export interface Fetched {
  readonly value: unknown
  readonly freshSeconds: number
}

/** Why something could not be fetched, in words for whoever looks after it; no address, and nothing of the answer. */
export class OutboundError extends Error {
  /** What was answered, where it was anything but the document. */
  readonly status: number | undefined

  constructor(message: string, cause?: unknown, status?: number) {
    super(message, { cause })
    this.name = 'OutboundError'
    this.status = status
  }
}

/** What the way out is held to. */
export interface OutboundGiven {
  /** Networks that may be reached although they are not public, and in them without TLS. */
  readonly privateNetworks: readonly string[]
  /** Every address of a name; the system's resolver unless told otherwise. */
  readonly resolve?: Lookup
  readonly secondsMax?: number
}

/** The guarded client. */
export const createOutbound = (given: OutboundGiven): Outbound & Reaching => {
  const reach = createReach(given.privateNetworks)
  const lookup = createNameLookups(given.resolve ?? ((host) => systemLookup(host, { all: true, verbatim: true })))
  const ask = async <T>(text: string, asked: Asked<T>): Promise<T> => {
    const url = readUrl(text)
    const signal = AbortSignal.timeout((asked.secondsMax ?? given.secondsMax ?? SECONDS_MAX) * 1000)
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new OutboundError(TOO_SLOW)), { once: true })
    })
    // The resolver of the system cannot be told to stop; whoever waits for it can.
    const resolve = (host: string) => lookup(host, signal)
    const addresses = await Promise.race([judged(url, { reach, resolve }), late])
    return Promise.race([exchange(url, addresses, signal, asked), late])
  }
  return {
    getJson: (url) => ask(url, { method: 'GET', headers: {}, body: undefined, read: readDocument }),
    postForm: (url, { headers, body }) =>
      ask(url, {
        ...{ method: 'POST', body, read: readDocument },
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      }),
    post: (url, { type, body, authorization, headers }) =>
      ask(url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': type,
          'content-length': String(Buffer.byteLength(body)),
          ...(authorization === undefined ? {} : { authorization }),
        },
        body,
        read: readReply,
      }),
    send: (url, { method, headers, body, bytesMax, secondsMax, ca }) =>
      ask(url, {
        ...{ method, body, secondsMax, ca },
        headers: body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        read: (response) => readAnswer(response, bytesMax),
      }),
    addresses: async (host) => {
      const signal = AbortSignal.timeout((given.secondsMax ?? SECONDS_MAX) * 1000)
      const addresses = await judgedHost(host, { reach, resolve: (name) => lookup(name, signal) })
      return { addresses, mustEncrypt: addresses.some(({ address }) => reach(address) === 'public') }
    },
  }
}

/** A request, and how its answer is read. */
interface Asked<T> {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly secondsMax?: number
  readonly ca?: string | undefined
  read(response: IncomingMessage): Promise<T>
}

const SECONDS_MAX = 5
const BYTES_MAX = 1_048_576
const REPLY_BYTES_MAX = 16_384
const FRESH_SECONDS_MIN = 60
const FRESH_SECONDS_MAX = 3600
const TOO_SLOW = 'it did not answer in time'

const readUrl = (text: string): URL => {
  if (!URL.canParse(text)) throw new OutboundError('it is not a URL')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new OutboundError('it is not an https URL')
  if (url.username + url.password !== '') throw new OutboundError('its URL holds a login')
  return url
}

interface Judging {
  reach(address: string): Reach
  readonly resolve: Lookup
}

/** All addresses of the host, each of which may be reached: one that may not makes the name suspicious as a whole. */
const judgedHost = async (host: string, given: Judging): Promise<readonly Resolved[]> => {
  const family = isIP(host)
  const found = family === 0 ? await resolved(host, given.resolve) : [{ address: host, family }]
  if (found.length === 0 || found.some(({ address }) => given.reach(address) === 'refused'))
    throw new OutboundError(
      'it is at an address that is not public; whoever runs this server allows its network with REEVE_OUTBOUND_PRIVATE',
    )
  return found
}

const judged = async (url: URL, given: Judging): Promise<readonly Resolved[]> => {
  const found = await judgedHost(url.hostname.replace(/^\[(.*)\]$/, '$1'), given)
  if (url.protocol === 'http:' && found.some(({ address }) => given.reach(address) === 'public'))
    throw new OutboundError('it is not an https URL, which everything outside of the networks of this server must be')
  return found
}

const resolved = async (host: string, resolve: Lookup) => {
  try {
    return await resolve(host)
  } catch (cause) {
    throw new OutboundError('its name cannot be resolved', cause)
  }
}

const exchange = <T>(url: URL, addresses: readonly Resolved[], signal: AbortSignal, asked: Asked<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const failed = (error: unknown): void =>
      reject(error instanceof OutboundError ? error : new OutboundError(whyFailed(error, signal), error))
    const send = url.protocol === 'https:' ? requestTls : requestPlain
    const request = send(url, {
      method: asked.method,
      // INVARIANT: what was judged is what is dialled; a name that changes its address meanwhile gains nothing by it.
      lookup: only(addresses),
      // A connection of its own, so that none is shared with what was judged otherwise, and no proxy stands between.
      agent: false,
      signal,
      ...(asked.ca === undefined ? {} : { ca: asked.ca }),
      headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'reeve', ...asked.headers },
    })
    request.on('error', failed)
    request.on('response', (response) => {
      response.on('error', failed)
      asked.read(response).then(resolve, (error: unknown) => {
        failed(error)
        request.destroy()
      })
    })
    request.end(asked.body)
  })

const only =
  (addresses: readonly Resolved[]): LookupFunction =>
  (_host, options, done) => {
    const [first] = addresses
    if (options.all === true || first === undefined) done(null, [...addresses])
    else done(null, first.address, first.family)
  }

const whyFailed = (error: unknown, signal: AbortSignal): string => {
  if (signal.aborted) return TOO_SLOW
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return `no connection could be made or kept (${code})`
}

const readDocument = async (response: IncomingMessage): Promise<Fetched> => {
  const status = statusOf(response)
  if (status !== 200) throw new OutboundError(`it answers with status ${status}`, undefined, status)
  if (!isJson(response)) throw new OutboundError('its answer is not JSON')
  // Asked for as it is, so that the bytes that are counted are the bytes that are kept.
  if ((response.headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new OutboundError('its answer is compressed, which was not asked for')
  const bytes = await readBytes(response, BYTES_MAX)
  if (bytes === undefined) throw new OutboundError('its answer is too large')
  return { value: parse(bytes), freshSeconds: freshSeconds(response.headers['cache-control']) }
}

const readReply = async (response: IncomingMessage): Promise<Posted> => {
  const status = statusOf(response)
  const isPlain = (response.headers['content-encoding'] ?? 'identity') === 'identity'
  const bytes = await readBytes(response, REPLY_BYTES_MAX)
  // Its status says whether it took what was posted; whoever talks on and on is not listened to.
  if (bytes === undefined) response.destroy()
  if (bytes === undefined || !isPlain || !isJson(response)) return { status, value: undefined }
  try {
    return { status, value: parse(bytes) }
  } catch {
    return { status, value: undefined }
  }
}

const readAnswer = async (response: IncomingMessage, bytesMax: number): Promise<Answered> => {
  const status = statusOf(response)
  if ((response.headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new OutboundError('its answer is compressed, which was not asked for')
  const bytes = await readBytes(response, bytesMax)
  if (bytes === undefined) throw new OutboundError('its answer is too large')
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
  return { status, headers, bytes }
}

const statusOf = ({ statusCode = 0 }: IncomingMessage): number => {
  // RFC 9110 §15.4: to follow one would be to ask somebody whom nobody named.
  if (statusCode >= 300 && statusCode < 400)
    throw new OutboundError(`it redirects (${statusCode}), and no redirect is followed`, undefined, statusCode)
  return statusCode
}

const isJson = ({ headers }: IncomingMessage): boolean =>
  JSON_TYPE.test((headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '')

/** The whole body; undefined where it is longer. */
const readBytes = async (response: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    const part = Buffer.from(chunk)
    bytes += part.length
    if (bytes > bytesMax) return undefined
    chunks.push(part)
  }
  return Buffer.concat(chunks)
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/

const utf8 = new TextDecoder('utf-8', { fatal: true })

const parse = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch (cause) {
    throw new OutboundError('its answer is not JSON', cause)
  }
}

/** As its server says (RFC 9111 §5.2.2.1), but never so short that it is asked all the time, nor for long. */
const freshSeconds = (cacheControl: string | undefined): number => {
  const said = Number(/(?:^|[\s,])max-age=(\d{1,9})/i.exec(cacheControl ?? '')?.[1] ?? FRESH_SECONDS_MIN)
  return Math.min(Math.max(said, FRESH_SECONDS_MIN), FRESH_SECONDS_MAX)
}
