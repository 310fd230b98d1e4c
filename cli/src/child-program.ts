import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { constants, devNull } from 'node:os'
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

/**
 * Starts a program in this one's place in the terminal, with the environment that it is given at each start, and nothing
 * in the place of the open files that are kept from it.
 */
export const runChild = (
  around: Pick<Surroundings, 'clock'>,
  [program = '', ...words]: readonly string[],
  environment: () => NodeJS.ProcessEnv,
  keptFiles: readonly number[] = [],
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
    const nothing = openSync(devNull, 'r+')
    try {
      const started = spawn(program, words, { stdio: filesOf(keptFiles, nothing), env: environment() })
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
    } finally {
      closeSync(nothing)
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

// `ignore` leaves an open file above these three as it is, so that one to keep has another put over it.
const filesOf = (kept: readonly number[], nothing: number): StdioOptions =>
  Array.from({ length: Math.max(2, ...kept) + 1 }, (_, number) => {
    if (kept.includes(number)) return nothing
    return number <= 2 ? 'inherit' : 'ignore'
  })

// Not SIGHUP, by which programs are told to read their settings anew.
const ENDING: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT']

const notStarted = (program: string, error: unknown): CommandError => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return new CommandError(code === 'ENOENT' ? `there is no program ${program}` : `${program} cannot be run (${code})`, {
    next: 'name a program that runs without `reeve exec` in front',
    cause: error,
  })
}
