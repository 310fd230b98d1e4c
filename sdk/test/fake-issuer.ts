import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Clock } from '../src/clock.ts'
import { revocationTarget } from '../src/revocation-target.ts'
import type { RevocationEntry, RevocationScope } from '../src/wire.ts'
import { createFakeFeed } from './fake-feed.ts'
import { createFakeKeys, type TokenForm } from './fake-keys.ts'
import { createFakeTokens } from './fake-tokens.ts'

/** One request as the fake saw it. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What the fake answers with instead, when a test wants something wrong. */
export type Misbehaviour = (request: SeenRequest, response: ServerResponse) => boolean

/** An issuer in this process, with real keys over real sockets; every test file may use it. */
export const createFakeIssuer = async ({ clock, lifeSeconds = 900 }: { clock: Clock; lifeSeconds?: number }) => {
  const keys = await createFakeKeys()
  const feed = createFakeFeed()
  const requests: SeenRequest[] = []
  const held: (() => void)[] = []
  let isPaused = false
  let misbehave: Misbehaviour = () => false
  let url = ''

  const issue = (form: TokenForm = {}) =>
    keys.issue({ issuer: url, nowSeconds: Math.floor(clock.nowMs() / 1000), lifeSeconds }, form)
  const tokens = createFakeTokens({ issue, issuer: () => url, clock, lifeSeconds })

  const answer = async (request: SeenRequest, response: ServerResponse): Promise<void> => {
    if (misbehave(request, response)) return
    const paths: Record<string, () => void | Promise<void>> = {
      '/.well-known/jwks.json': () => {
        const etag = keys.etag()
        if (etag !== undefined) response.setHeader('etag', etag)
        json(response, 200, { keys: keys.published() })
      },
      '/revocations': () => feed.answer(request, response),
      '/oauth/token': () => tokens.answerToken(request, response),
      '/oauth/introspect': () => tokens.answerIntrospection(request, response),
      '/v1/observe.use.report': () => json(response, 200, { accepted: 1 }),
      '/v1/broker.verifier.confirm': () => json(response, 200, {}),
    }
    await (paths[request.path] ?? (() => json(response, 404, {})))()
  }

  const server = createServer(async (incoming, response) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://fake')
    const body = await text(incoming).catch(() => '')
    const request = {
      method: incoming.method ?? '',
      path: pathname,
      query: searchParams,
      headers: incoming.headers,
      body,
    }
    requests.push(request)
    if (isPaused) await new Promise<void>((resolve) => held.push(resolve))
    await answer(request, response)
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  url = `http://127.0.0.1:${port}`

  const down = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }

  return {
    url,
    keys,
    feed,
    tokens,
    issue,
    requests,
    /** The requests that came for one path. */
    asked: (path: string): SeenRequest[] => requests.filter((request) => request.path === path),
    stop: (scope: RevocationScope, id: string, rest: Partial<RevocationEntry> = {}): RevocationEntry =>
      feed.add({ verb: 'quarantine', target: revocationTarget(scope, id), until: null, ...rest }),
    release: (scope: RevocationScope, id: string): RevocationEntry =>
      feed.add({ verb: 'release', target: revocationTarget(scope, id), until: null }),
    /** Answers nothing until it is resumed. */
    pause: (): void => {
      isPaused = true
    },
    resume: (): void => {
      isPaused = false
      for (const go of held.splice(0)) go()
    },
    /** Answers some requests wrongly: true means that it did. */
    misbehave: (how: Misbehaviour = () => false): void => {
      misbehave = how
    },
    /** Fails every request under a path with a status. */
    failWith: (status: number, path = ''): void => {
      misbehave = (request, response) => {
        if (!request.path.startsWith(path)) return false
        json(response, status, {})
        return true
      }
    },
    down,
    up: () => listen(port),
    close: down,
  }
}

/** The fake, for those who pass it on. */
export type FakeIssuer = Awaited<ReturnType<typeof createFakeIssuer>>

/** Answers with JSON. */
export const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
