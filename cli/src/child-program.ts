import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { CommandError } from './exit-code.ts'
import type { Surroundings } from './surroundings.ts'

/** A program that runs until it ends by itself, is told to, or is started again. */
export interface ChildProgram {
  /** Its exit code, or 128 and the number of the signal that ended it, as a shell tells it. */
  readonly ended: Promise<number>
  signal(name: NodeJS.Signals): void
  /** Its end is asked for, by this or by a terminal: a restart that is under way or comes later would undo it. */
  keepEnded(): void
  /** Ends it and starts it anew, with what it is given now. */
  restart(): void
}

/** How long a program may take to end before it is killed. */
const END_MS_MAX = 10_000
const BY_SIGNAL = 128

/** Starts a program in this one's place in the terminal, with the environment that it is given at each start. */
export const runChild = (
  around: Pick<Surroundings, 'clock'>,
  [program = '', ...words]: readonly string[],
  environment: () => NodeJS.ProcessEnv,
): ChildProgram => {
  let child: ChildProcess | undefined
  let isRestarting = false
  let isToEnd = false
  let cancelKill = () => {}
  let end: (code: number) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const ended = new Promise<number>((resolve, reject) => {
    end = resolve
    fail = reject
  })

  const start = (): void => {
    isRestarting = false
    try {
      const started = spawn(program, words, { stdio: 'inherit', env: environment() })
      child = started
      // What may not be signalled, as what `sudo` runs, is an error as well, and runs on.
      started.on('error', (error) => {
        if (started.pid === undefined) fail(notStarted(program, error))
      })
      started.once('exit', (code, signal) => {
        cancelKill()
        if (isRestarting) start()
        else end(code ?? BY_SIGNAL + (constants.signals[signal ?? 'SIGKILL'] ?? 0))
      })
    } catch (error) {
      // Some of what the system refuses is thrown at once.
      fail(notStarted(program, error))
    }
  }

  const keepEnded = (): void => {
    isToEnd = true
    isRestarting = false
    cancelKill()
  }

  start()
  return {
    ended,
    keepEnded,
    signal: (name) => {
      if (ENDING.includes(name)) keepEnded()
      child?.kill(name)
    },
    restart: () => {
      if (isToEnd || isRestarting || child?.kill('SIGTERM') !== true) return
      isRestarting = true
      cancelKill = around.clock.after(END_MS_MAX, () => child?.kill('SIGKILL'))
    },
  }
}

// Not SIGHUP, by which programs are told to read their settings anew.
const ENDING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT']

const notStarted = (program: string, error: unknown): CommandError => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return new CommandError(code === 'ENOENT' ? `there is no program ${program}` : `${program} cannot be run (${code})`, {
    next: 'name a program that runs without `reeve exec` in front',
    cause: error,
  })
}
