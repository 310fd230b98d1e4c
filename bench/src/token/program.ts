import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** What the peer and the limit are told at their start. */
export interface ProgramOrder {
  readonly clientId: string
  readonly clientSecret: string
  readonly clientPublicKey: string
  readonly clientKeyId: string
  readonly signingKey: string
  readonly signingKeyId: string
  readonly resource: string
  readonly scope: string
  /** The claims of a token of Reeve's, so that the limit signs as much. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** What an echo is told: the answer that it gives. */
export interface EchoOrder {
  readonly answer: string
}

/** A started program. */
export interface Program {
  readonly name: 'peer' | 'limit' | 'echo'
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

/** Starts the peer or a limit in a process of its own. */
export const startProgram = async <Name extends Program['name']>(
  name: Name,
  order: Name extends 'echo' ? EchoOrder : ProgramOrder,
): Promise<Program> => {
  // The peer advises on its configuration at length; what is wrong with it shows in its answers.
  const child = fork(join(import.meta.dirname, `${name}-program.ts`), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2000)
  })
  const port = new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port: number }) => resolve(message.port))
    child.once('exit', () => reject(new Error(`${name} did not start: ${said}`)))
  })
  child.send(order)
  return {
    name,
    pid: child.pid ?? 0,
    port: await port,
    stop: async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
