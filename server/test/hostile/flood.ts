import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** One request, asked over and over on so many connections that stay open. */
export interface Flood {
  readonly port: number
  readonly request: string
  readonly seconds: number
  readonly connections: number
  /** Of what is asked in the first seconds only wrong answers are told. */
  readonly skippedSeconds?: number
  /** Goes on, up to twelve times as long, until somebody was sent away: where the machine is crowded, who floods is slow as well. */
  readonly isUntilSentAway?: boolean
  /** Whether whoever is sent away comes back when it was told to, and asks no more once it was served; else it asks again at once. */
  readonly isPatient?: boolean
}

/** What came of all of them. */
export interface Flooded {
  /** How long each that was served had waited, in milliseconds. */
  readonly servedMs: Float64Array
  readonly servedASecond: number
  /** With those of the first seconds. */
  readonly servedAll: number
  readonly sentAway: number
  /** Connections that were served at least once. */
  readonly servedConnections: number
  /** What was neither served nor told when to come back: each status, 0 where the connection broke. */
  readonly wrong: readonly number[]
  readonly unanswered: number
}

/** Runs one on a thread of its own. */
export const flood = (given: Flood): Promise<Flooded> => startFlood(given).flooded

/** The same, which `stop` ends before its time. */
export const startFlood = (given: Flood): { readonly flooded: Promise<Flooded>; stop(): void } => {
  const worker = new Worker(new URL('./flood-program.ts', import.meta.url), { workerData: given })
  const flooded = once(worker, 'message').then(async ([of]) => {
    await worker.terminate()
    return of
  })
  return { flooded, stop: () => worker.postMessage('stop') }
}
