import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** One request, asked over and over on so many connections that stay open. */
export interface Flood {
  readonly port: number
  readonly request: string
  /** How often, however long the answers take; without one each connection asks again at once. */
  readonly aSecond?: number
  readonly seconds: number
  readonly connections: number
}

/** What came of one of them; 0 where the connection broke. */
export interface FloodAnswer {
  readonly status: number
  readonly hasRetryAfter: boolean
  readonly startedMs: number
  readonly tookMs: number
}

/** What came of all of them. */
export interface Flooded {
  readonly answers: readonly FloodAnswer[]
  readonly unanswered: number
  readonly startedMs: number
  readonly endedMs: number
}

/** Runs one on a thread of its own. */
export const flood = async (given: Flood): Promise<Flooded> => {
  const worker = new Worker(new URL('./flood-program.ts', import.meta.url), { workerData: given })
  const [flooded] = await once(worker, 'message')
  await worker.terminate()
  return flooded
}
