import { once } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import { createVerifier, followFeed, httpGuard, shareFeed, systemClock, systemRandom } from '@reeve/sdk'
import type { ApisOrder, Round, Said } from './order.ts'

// A process with many APIs, each with a verifier of its own, and what asks them over HTTP until they refuse.

const say = (said: Said): void => void process.send?.(said)

const ASK_AGAIN_MS = 250

const start = async (order: ApisOrder) => {
  const reach = (replica: string): typeof fetch => {
    return (url, init) => fetch(String(url).replace(order.issuer, replica), init)
  }
  const reached = order.replicas.map(reach)
  const follow = order.hasOwnFeeds ? followFeed : shareFeed
  const apis = Array.from({ length: order.verifiers }, (_, at) => {
    const { issuer, audience } = order
    const fetch = reached[at % reached.length] ?? globalThis.fetch
    const feed = follow({ issuer, fetch, clock: systemClock, random: systemRandom })
    const verifier = createVerifier({ issuer, audience, feed, fetch })
    return { feed, verifier, serve: httpGuard(verifier)({}, (_request, response) => response.end('served')) }
  })
  const server = createServer((request, response) => {
    void apis[Number(request.url?.slice(1))]?.serve(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const agent = new Agent({ keepAlive: true })

  const ask = (at: number, token: string): Promise<number> =>
    new Promise((resolve, reject) => {
      get(
        { host: '127.0.0.1', port, path: `/${at}`, agent, headers: { authorization: `Bearer ${token}` } },
        (answer) => {
          answer.resume()
          answer.on('end', () => resolve(answer.statusCode ?? 0))
        },
      ).on('error', reject)
    })

  /** Asks each time when the feed of this API tells something, and now and then without that. */
  const untilRefused = async (at: number, token: string): Promise<string> => {
    const feed = apis[at]?.feed
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const stopHearing = feed?.onChange(resolve)
      const timer = setTimeout(resolve, ASK_AGAIN_MS)
      const status = await ask(at, token)
      const now = process.hrtime.bigint()
      if (status === 200) await promise
      clearTimeout(timer)
      stopHearing?.()
      if (status === 401) return String(now)
      if (status !== 200) throw new Error(`an API answered ${status}`)
    }
  }

  const run = async ({ token, asked }: Round): Promise<void> => {
    const first = await Promise.all(asked.map((at) => ask(at, token)))
    if (first.some((status) => status !== 200)) throw new Error(`an API answered ${first.join(' ')} before the stop`)
    say('served')
    say({ refused: await Promise.all(asked.map((at) => untilRefused(at, token))) })
  }

  await Promise.all(apis.map(({ verifier }) => verifier.ready()))
  return run
}

const failed = (error: unknown): void => say({ failed: error instanceof Error ? error.message : String(error) })

process.once('message', (order: ApisOrder) => {
  void start(order).then((run) => {
    process.on('message', (round: Round) => void run(round).catch(failed))
    say('following')
  }, failed)
})
