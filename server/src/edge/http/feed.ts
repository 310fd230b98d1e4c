import type { ServerResponse } from 'node:http'
import type { RevocationEntry } from '@reeve/sdk'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { addressBlock } from '../../kit/address-block.ts'
import { coreFault } from '../../kit/fault.ts'

/** The revocation feed of this replica, as the broker keeps it in memory. */
export interface FeedSource {
  seq(): number
  /** Which key set there is now: a word that changes with it. */
  keys(): string
  page(since: number | undefined): string
  /** Says that somebody follows, and gives how to say that it is over. */
  follow(address: string): () => void
  onEntries(listener: (entries: readonly RevocationEntry[] | undefined) => void): () => void
}

/** How many listen at most, in all and of one address, and how much may wait for one that reads slowly. */
export interface FeedLimits {
  readonly listenersMax: number
  /** A third of all: whoever opens streams without end from one place leaves room for everybody else's. */
  readonly ofAddressMax: number
  readonly queuedBytesMax: number
  readonly heartbeatMs: number
}

const LIMITS: FeedLimits = {
  listenersMax: 15_000,
  ofAddressMax: 5_000,
  queuedBytesMax: 1_048_576,
  heartbeatMs: 2_000,
}

/** `GET /revocations`: public like a CRL; JSON for those who ask now and then, a stream for those who follow. */
export const mountFeed = (http: FastifyInstance, source: FeedSource, limits: FeedLimits = LIMITS): void => {
  const stream = createStream(source, limits)
  http.get('/revocations', { exposeHeadRoute: false }, (request, reply) => {
    const since = readSince(request)
    if (!wantsStream(request)) return reply.type('application/json').send(pageOf(source, since))
    if (stream.size() >= limits.listenersMax) throw coreFault('unavailable', { retryAfterSeconds: 5 })
    // Who is refused a stream still asks now and then, and so has a view that is young enough.
    if (stream.sizeOf(request.ip) >= limits.ofAddressMax) throw coreFault('limited', { retryAfterSeconds: 5 })
    return stream.join(reply, since)
  })
  // Streams end by themselves never: they are ended before the server waits for its connections.
  http.addHook('preClose', async () => stream.close())
}

/** A page that tells of the key set as well. */
const pageOf = (source: FeedSource, since: number | undefined): string =>
  `{"keys":"${source.keys()}",${source.page(since).slice(1)}`

const wantsStream = (request: FastifyRequest): boolean => request.headers.accept?.includes('text/event-stream') ?? false

const readSince = (request: FastifyRequest): number | undefined => {
  const query = request.query
  const asked = typeof query === 'object' && query !== null && 'since' in query ? query.since : undefined
  // A browser that reconnects by itself says where it was in this header (HTML §9.2.4).
  const text = request.headers['last-event-id'] ?? asked
  if (text === undefined) return undefined
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text)
  throw coreFault('invalid_input', { places: [{ pointer: '/since', detail: 'a sequence number of this feed' }] })
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-accel-buffering': 'no',
}

const createStream = (source: FeedSource, limits: FeedLimits) => {
  // How much may wait for each: the snapshot that it was sent, and a little more.
  const listeners = new Map<ServerResponse, number>()
  const ofAddress = new Map<string, number>()
  let heart: NodeJS.Timeout | undefined
  let stopHearing: (() => void) | undefined

  // INVARIANT: one text for everybody; a listener that does not read is cut and finds what it missed when it is back.
  const sendAll = (text: string): void => {
    const bytes = Buffer.from(text)
    for (const [response, waitingMax] of listeners) {
      if (response.writableLength > waitingMax) response.destroy()
      else response.write(bytes)
    }
  }

  const start = (): void => {
    heart ??= setInterval(
      () => sendAll(eventText('heartbeat', `{"seq":${source.seq()},"keys":"${source.keys()}"}`)),
      limits.heartbeatMs,
    ).unref()
    stopHearing ??= source.onEntries((entries) => {
      if (entries === undefined) sendAll(eventText('snapshot', pageOf(source, undefined)))
      else sendAll(entries.map((entry) => eventText('change', JSON.stringify(entry), entry.seq)).join(''))
    })
  }

  const count = (block: string, by: 1 | -1): void => {
    const now = (ofAddress.get(block) ?? 0) + by
    if (now === 0) ofAddress.delete(block)
    else ofAddress.set(block, now)
  }

  return {
    size: () => listeners.size,
    sizeOf: (ip: string) => ofAddress.get(addressBlock(ip)) ?? 0,
    join: (reply: FastifyReply, since: number | undefined): FastifyReply => {
      start()
      reply.hijack()
      const { raw } = reply
      // Its end was told before there was somebody to hear of it.
      if (raw.destroyed) return reply
      const { ip } = reply.request
      const unfollow = source.follow(ip)
      const block = addressBlock(ip)
      count(block, 1)
      raw.once('close', () => {
        listeners.delete(raw)
        count(block, -1)
        unfollow()
      })
      raw.on('error', () => raw.destroy())
      raw.writeHead(200, { ...HEADERS, 'x-request-id': reply.request.id })
      const snapshot = Buffer.from(eventText('snapshot', pageOf(source, since), source.seq()))
      raw.write(snapshot)
      listeners.set(raw, limits.queuedBytesMax + snapshot.length)
      return reply
    },
    close: (): void => {
      clearInterval(heart)
      stopHearing?.()
      for (const response of listeners.keys()) response.end()
    },
  }
}

const eventText = (event: string, data: string, id?: number): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`
