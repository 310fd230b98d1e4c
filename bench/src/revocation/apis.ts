import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ApisOrder, Refused, Round, Said } from './order.ts'

/** A process with APIs. */
export interface Apis {
  readonly pid: number
  /** Resolves when each asked API let the token in; `refused` when each refused it. */
  run(round: Round): Promise<{ readonly refused: Promise<Refused> }>
  stop(): Promise<void>
}

/** Starts them; resolves when each verifier follows its feed. */
export const startApis = async (order: ApisOrder): Promise<Apis> => {
  const child = fork(join(import.meta.dirname, 'apis-program.ts'))
  child.send(order)
  await heard(child, (said) => said === 'following')
  return {
    pid: child.pid ?? 0,
    run: async (round) => {
      const served = heard(child, (said) => said === 'served')
      const refused = heard(child, (said) => typeof said === 'object' && 'refused' in said).then((said) =>
        typeof said === 'object' && 'refused' in said ? said.refused : [],
      )
      // Whoever waits for the first hears of a failure there.
      refused.catch(() => undefined)
      child.send(round)
      await served
      return { refused }
    },
    stop: async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

const heard = (child: ChildProcess, isIt: (said: Said) => boolean): Promise<Said> =>
  new Promise((resolve, reject) => {
    const over = (): void => {
      child.off('message', hear)
      child.off('exit', ended)
    }
    const ended = (): void => {
      over()
      reject(new Error('a process of APIs ended'))
    }
    const hear = (said: Said): void => {
      const isFailed = typeof said === 'object' && 'failed' in said
      if (!isFailed && !isIt(said)) return
      over()
      if (isFailed) reject(new Error(said.failed))
      else resolve(said)
    }
    child.on('message', hear)
    child.once('exit', ended)
  })
