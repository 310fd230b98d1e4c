import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Client, Method } from './client.ts'

/** One round of load on one program. */
export interface LoadOrder {
  readonly client: Client
  readonly method: Method
  readonly seconds: number
  readonly connections: number
  /** How many requests are made beforehand; when they are used up the round ends early. */
  readonly requestsMax: number
}

/** What came of it. */
export interface LoadResult {
  readonly perSecond: number
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Some of the answers, to be verified. */
  readonly samples: readonly string[]
}

/** The load generator, in its own process. */
export interface Load {
  /** Runs one round; `started` is called when all is made and the clock starts. */
  run(order: LoadOrder, started: () => void): Promise<LoadResult>
  stop(): Promise<void>
}

/** Starts the load generator. */
export const startLoad = (): Load => {
  const child = fork(join(import.meta.dirname, 'load-program.ts'))
  return {
    run: (order, started) => {
      const result = resultOf(child, started)
      child.send(order)
      return result
    },
    stop: async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

type Message = 'ready' | LoadResult | { readonly failed: string }

const resultOf = (child: ChildProcess, started: () => void): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the load generator ended'))
    const heard = (message: Message): void => {
      if (message === 'ready') {
        started()
        return
      }
      child.off('message', heard)
      child.off('exit', ended)
      if ('failed' in message) reject(new Error(message.failed))
      else resolve(message)
    }
    child.on('message', heard)
    child.once('exit', ended)
  })
