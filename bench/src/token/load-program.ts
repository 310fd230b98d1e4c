import type { LoadOrder, LoadResult } from './load.ts'
import { makeRequests } from './make-requests.ts'
import { openConnection, type RawConnection } from './raw-connection.ts'

// The load generator: a process of its own, the same for every program that is measured.

const SAMPLES_MAX = 20

const run = async (order: LoadOrder): Promise<LoadResult> => {
  const requests = await makeRequests(order.client, order.method, order.requestsMax)
  const connections = await Promise.all(
    Array.from({ length: order.connections }, () => openConnection(order.client.port)),
  )
  process.send?.('ready')
  const latenciesMs: number[] = []
  const samples: string[] = []
  let next = 0
  const startedAtMs = performance.now()
  const untilMs = startedAtMs + order.seconds * 1000
  const worker = async (connection: RawConnection): Promise<void> => {
    for (let now = startedAtMs; now < untilMs; ) {
      const request = requests[next++]
      if (request === undefined) return
      const { status, body } = await connection.ask(request)
      if (status !== 200) throw new Error(`answered ${status}: ${body.slice(0, 300)}`)
      const later = performance.now()
      latenciesMs.push(later - now)
      now = later
      if (latenciesMs.length % 997 === 1 && samples.length < SAMPLES_MAX) samples.push(body)
    }
  }
  await Promise.all(connections.map(worker))
  const seconds = (performance.now() - startedAtMs) / 1000
  for (const connection of connections) connection.close()
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  return { perSecond: sorted.length / seconds, count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), samples }
}

process.once('disconnect', () => process.exit())
process.on('message', (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : 'failed' }),
  )
})
