import { openConnection, type RawConnection } from '../token/raw-connection.ts'
import type { AuthzenOrder, AuthzenResult } from './load.ts'

// The load generator: a process of its own, the same for every program that is measured.

const SAMPLED = 997
// Goes on over rounds, so that all questions are asked.
let next = 0

const run = async ({ port, requests, seconds, connections }: AuthzenOrder): Promise<AuthzenResult> => {
  const texts = requests.map((text) => Buffer.from(text, 'latin1'))
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(port)))
  process.send?.('ready')
  const latenciesMs: number[] = []
  const samples: AuthzenResult['samples'][number][] = []
  const startedAtMs = performance.now()
  const untilMs = startedAtMs + seconds * 1000
  const worker = async (connection: RawConnection): Promise<void> => {
    for (let now = startedAtMs; now < untilMs; ) {
      const at = next++ % texts.length
      const { status, body } = await connection.ask(texts[at] ?? Buffer.alloc(0))
      if (status !== 200) throw new Error(`answered ${status}: ${body.slice(0, 300)}`)
      const later = performance.now()
      latenciesMs.push(later - now)
      now = later
      if (latenciesMs.length % SAMPLED === 1) samples.push({ at, body })
    }
  }
  await Promise.all(open.map(worker))
  const elapsed = (performance.now() - startedAtMs) / 1000
  for (const connection of open) connection.close()
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const quantile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  return {
    perSecond: sorted.length / elapsed,
    count: sorted.length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    samples,
  }
}

process.once('disconnect', () => process.exit())
process.on('message', (order: AuthzenOrder) => {
  run(order).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : 'failed' }),
  )
})
