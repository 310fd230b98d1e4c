import type { IncomingMessage, RequestOptions } from 'node:http'
import type { Fetch } from '../bounded-fetch.ts'

/** A certificate and its key, both in PEM, by which a client shows who it is (RFC 8705). */
export interface MtlsOptions {
  readonly cert: string
  readonly key: string
  /** CAs, in PEM, of the servers; without them those that Node trusts. */
  readonly ca?: string | readonly string[]
}

/**
 * A fetch whose connections show a certificate, in Node alone: neither browsers nor the fetch of Node can be given one. It
 * follows no redirect, and takes back the parts of an answer as they come.
 *
 * @example
 * const reeve = createClient({ baseUrl, as: source, fetch: mtlsFetch({ cert, key }) })
 */
export const mtlsFetch = ({ cert, key, ca }: MtlsOptions): Fetch => {
  // Not imported: what bundles this for a browser finds nothing that it does not have.
  const builtin = globalThis.process?.getBuiltinModule
  const https = builtin?.('node:https')
  const stream = builtin?.('node:stream')
  if (https === undefined || stream === undefined)
    throw new TypeError('mtls needs Node.js: a certificate is shown by its TLS')
  // No session is resumed, so that each connection proves the key anew.
  const agent = new https.Agent({
    ...{ keepAlive: true, maxCachedSessions: 0, cert, key },
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
  })
  const toResponse = (answer: IncomingMessage): Response => {
    const headers = new Headers()
    for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2)
      headers.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '')
    const status = answer.statusCode ?? 0
    const hasNone = status === 204 || status === 205 || status === 304
    if (hasNone) answer.resume()
    return new Response(hasNone ? null : bodyOf(answer), { status, statusText: answer.statusMessage ?? '', headers })
  }

  return async (url, init) => {
    if (!url.startsWith('https://')) throw new TypeError('a certificate is shown over https alone')
    // What fetch makes of any body, with the type that it has.
    const { method, headers, body } = new Request(url, {
      ...init,
      ...(init.body instanceof ReadableStream ? HALF : {}),
    })
    const bytes =
      init.body instanceof ReadableStream ? undefined : new Uint8Array(await new Response(body).arrayBuffer())
    const options: RequestOptions = {
      ...{ method, agent, headers: headersOf(headers, bytes) },
      ...(init.signal ? { signal: init.signal } : {}),
    }
    return new Promise<Response>((resolve, reject) => {
      const request = https.request(url, options, (answer) => {
        try {
          resolve(toResponse(answer))
        } catch (error) {
          answer.destroy()
          reject(error)
        }
      })
      request.on('error', reject)
      if (bytes !== undefined || body === null) request.end(bytes)
      else
        stream.Readable.from(partsOf(body))
          .on('error', (error) => request.destroy(error))
          .pipe(request)
    })
  }
}

const HALF = { duplex: 'half' } as const

const headersOf = (headers: Headers, bytes: Uint8Array | undefined): Record<string, string> => ({
  ...Object.fromEntries(headers),
  ...(bytes === undefined || bytes.length === 0 ? {} : { 'content-length': String(bytes.length) }),
})

/** The parts of a request's body. */
async function* partsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

/** The parts of an answer, no faster than they are read. */
const bodyOf = (answer: IncomingMessage): ReadableStream<Uint8Array> => {
  const parts = answer[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await parts.next()
      if (done === true) controller.close()
      else controller.enqueue(new Uint8Array(value))
    },
    cancel: () => {
      answer.destroy()
    },
  })
}
