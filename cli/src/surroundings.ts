import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Random } from '@reeve/sdk'

/** The terminal, the environment, the time and chance: the CLI's only door to them. */
export interface Surroundings {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly isOutTty: boolean
  readonly isErrTty: boolean
  readonly columns: number
  readonly mayColour: boolean
  readonly configFolder: string
  readonly workingFolder: string
  /** The server's URL from the environment, if it is set there. */
  readonly serverUrl: string | undefined
  /** A session from the environment, for CI; a person's own is in the config folder. */
  readonly sessionFile: string | undefined
  now(): Date
  readonly clock: Clock
  readonly random: Random
  readonly stdin: NodeJS.ReadStream
}

/** The process's own surroundings. */
export const processSurroundings = (): Surroundings => {
  const env = process.env
  const xdg = env.XDG_CONFIG_HOME
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isOutTty: process.stdout.isTTY === true,
    isErrTty: process.stderr.isTTY === true,
    columns: process.stdout.columns ?? 100,
    mayColour: process.stdout.isTTY === true && env.NO_COLOR === undefined && env.TERM !== 'dumb',
    configFolder: env.REEVE_CONFIG ?? join(xdg === undefined || xdg === '' ? join(homedir(), '.config') : xdg, 'reeve'),
    workingFolder: process.cwd(),
    serverUrl: env.REEVE_SERVER,
    sessionFile: env.REEVE_SESSION_FILE,
    now: () => new Date(),
    clock: {
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      // Unlike the SDK's own, these timers keep the process alive: the command is waiting for them.
      after: (delayMs, run) => {
        const timer = setTimeout(run, delayMs)
        return () => clearTimeout(timer)
      },
    },
    random: { fraction: () => Math.random(), id: () => crypto.randomUUID() },
    stdin: process.stdin,
  }
}
