import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** One round of load on one program: these requests in turn, over these connections. */
export interface AuthzenOrder {
  readonly port: number
  readonly requests: readonly string[]
  readonly seconds: number
  readonly connections: number
}

/** What came of it, with some answers and which request each belongs to. */
export interface AuthzenResult {
  readonly perSecond: number
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly samples: readonly { readonly at: number; readonly body: string }[]
}

/** A program in a process of its own. */
export interface AuthzenProgram {
  readonly pid: number
  run(order: AuthzenOrder, started: () => void): Promise<AuthzenResult>
  stop(): Promise<void>
}

const start = (name: string): ChildProcess => fork(join(import.meta.dirname, `${name}-program.ts`))

const ended = async (child: ChildProcess): Promise<void> => {
  child.kill()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** Starts the load generator. */
export const startAuthzenLoad = (): AuthzenProgram => {
  const child = start('load')
  return {
    pid: child.pid ?? 0,
    run: (order, started) =>
      new Promise((resolve, reject) => {
        const heard = (message: 'ready' | AuthzenResult | { readonly failed: string }): void => {
          if (message === 'ready') {
            started()
            return
          }
          child.off('message', heard)
          if ('failed' in message) reject(new Error(message.failed))
          else resolve(message)
        }
        child.on('message', heard)
        child.send(order)
      }),
    stop: () => ended(child),
  }
}

/** Starts a limit, the bare one or that which records as well; it says where it listens. */
export const startAuthzenLimit = async (
  name: 'limit' | 'durable-limit',
): Promise<{ pid: number; port: number; stop(): Promise<void> }> => {
  const child = start(name)
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port: number }) => resolve(message.port))
    child.once('exit', () => reject(new Error('the limit did not start')))
  })
  return { pid: child.pid ?? 0, port, stop: () => ended(child) }
}
