import { createServer, type IncomingMessage } from 'node:http'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import type { Admin, RunningServer } from '../process.ts'
import { postForm, type Workload } from '../workload.ts'

// Tests read events freely: a field that is not there fails the assertion on it.
// biome-ignore lint/suspicious/noExplicitAny: as above
export type Told = JWTPayload & { readonly sub_id: any; readonly events: Record<string, any>; readonly txn: string }

/** What an endpoint answered. */
export interface Answered {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly body: any
}

/** A receiver that speaks the protocol with its own access token, and checks SETs with `jose`. */
export interface Receiver {
  readonly id: string
  ask(method: string, path: string, body?: unknown): Promise<Answered>
  /** Creates a stream that is polled, or one that is pushed to this URL. */
  create(delivery?: Readonly<Record<string, unknown>>, more?: Readonly<Record<string, unknown>>): Promise<Answered>
  /** Polls once, without a wait unless told, and verifies what comes. */
  poll(stream: string, body?: Readonly<Record<string, unknown>>): Promise<readonly Told[]>
  verify(set: string): Promise<Told>
}

export const SSF_EVENT = 'https://schemas.openid.net/secevent/ssf/event-type/'
export const CAEP_EVENT = 'https://schemas.openid.net/secevent/caep/event-type/'

/** The identity of a workload that serves its audience, as a receiver. `issuer` is what the server calls itself. */
export const receiverOf = async (
  server: Pick<RunningServer, 'url'>,
  { api }: Pick<Workload, 'api'>,
  issuer = server.url,
): Promise<Receiver> => {
  const { body: granted } = await postForm(server, '/oauth/token', {
    grant_type: 'client_credentials',
    client_id: api.id,
    client_secret: api.secret,
    resource: issuer,
  })
  const keys = createRemoteJWKSet(new URL(`${server.url}/.well-known/jwks.json`), { cooldownDuration: 0 })
  const ask: Receiver['ask'] = async (method, path, body) => {
    const response = await fetch(server.url + path, {
      method,
      headers: {
        authorization: `Bearer ${granted.access_token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  const verify: Receiver['verify'] = async (set) => {
    const { payload } = await jwtVerify<Told>(set, keys, { issuer, audience: api.id, typ: 'secevent+jwt' })
    return payload
  }
  return {
    id: api.id,
    ask,
    create: (delivery, more = {}) =>
      ask('POST', '/ssf/streams', { ...(delivery === undefined ? {} : { delivery }), ...more }),
    poll: async (stream, body = {}) => {
      const { status, body: polled } = await ask('POST', `/ssf/poll/${stream}`, { returnImmediately: true, ...body })
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(polled)}`)
      return Promise.all(Object.values<string>(polled.sets).map(verify))
    },
    verify,
  }
}

/** Where events are pushed to. */
export interface Endpoint {
  readonly url: string
  /** Every request so far, with its body. */
  readonly got: { readonly headers: IncomingMessage['headers']; readonly body: string }[]
  /** Settles when so many requests have come. */
  until(count: number): Promise<void>
  /** How the next ones are answered; undefined: not at all. */
  answer: (
    at: number,
  ) => { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> } | undefined
  close(): void
}

/** Opens one on this machine, where the server reaches it if its settings say so. */
export const openEndpoint = async (port = 0): Promise<Endpoint> => {
  const waiting = new Set<() => void>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    endpoint.got.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') })
    for (const wake of waiting) wake()
    const answer = endpoint.answer(endpoint.got.length)
    if (answer !== undefined) response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  const endpoint: Endpoint = {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/events`,
    got: [],
    until: (count) =>
      new Promise((resolve) => {
        const wake = (): void => {
          if (endpoint.got.length < count) return
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
        wake()
      }),
    answer: () => ({ status: 202 }),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return endpoint
}

/** Stops the identity of a workload, and gives the number of the feed. */
export const quarantine = async (
  admin: Admin,
  server: Pick<RunningServer, 'url'>,
  identity: string,
): Promise<number> => {
  const { seq } = await admin.client(server).inventory.identity.quarantine({ identity, reason: 'a test stops it' })
  return seq ?? 0
}
