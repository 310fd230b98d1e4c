import { statSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { Clock, Random } from '@reeve/sdk'

/** The terminal, the environment, the time and chance: the CLI's only door to them. */
export interface Surroundings {
  readonly out: (text: string) => void
  /** Writes data and waits until the reader takes more: for what is too large to hold. */
  readonly stream: (piece: Uint8Array) => Promise<void>
  readonly err: (text: string) => void
  readonly isOutTty: boolean
  readonly isErrTty: boolean
  /** How wide a line may be; without end where nobody looks, so that a pipe gets whole lines. */
  readonly columns: number
  readonly mayColour: boolean
  readonly configFolder: string
  readonly workingFolder: string
  readonly shell: string
  /** The server's URL from the environment, if it is set there. */
  readonly serverUrl: string | undefined
  /** A session from the environment, for CI; a person's own is in the config folder. */
  readonly sessionFile: string | undefined
  /** What a CI says of the commit that it runs on. */
  readonly ci: { readonly commit: string | undefined; readonly author: string | undefined }
  /** What a program that is started from here is given. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where what lives no longer than the command is kept, for its user alone and in memory if that is to be had. */
  readonly runtimeFolder: string
  /** Hears these signals from now on instead of ending by them; gives back what ends that. */
  readonly takeSignals: (names: readonly NodeJS.Signals[], heard: (name: NodeJS.Signals) => void) => () => void
  now(): Date
  readonly clock: Clock
  readonly random: Random
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Where questions are asked. */
  readonly stderr: NodeJS.WriteStream
}

/** The process's own surroundings. */
export const processSurroundings = (): Surroundings => {
  const env = process.env
  return {
    out: (text) => void process.stdout.write(text),
    stream: (piece) => new Promise((resolve) => process.stdout.write(piece, () => resolve())),
    err: (text) => void process.stderr.write(text),
    isOutTty: process.stdout.isTTY === true,
    isErrTty: process.stderr.isTTY === true,
    columns: process.stdout.isTTY === true ? (process.stdout.columns ?? 80) : Number.POSITIVE_INFINITY,
    mayColour: process.stdout.isTTY === true && !isSet(env.NO_COLOR) && env.TERM !== 'dumb',
    configFolder: configFolderOf(env),
    workingFolder: process.cwd(),
    shell: env.SHELL ?? '',
    serverUrl: isSet(env.REEVE_SERVER) ? env.REEVE_SERVER : undefined,
    sessionFile: isSet(env.REEVE_SESSION_FILE) ? env.REEVE_SESSION_FILE : undefined,
    ci: {
      commit: firstSet(env.GITHUB_SHA, env.CI_COMMIT_SHA),
      author: firstSet(env.GITHUB_ACTOR, env.CI_COMMIT_AUTHOR),
    },
    environment: env,
    runtimeFolder: runtimeFolderOf(env),
    takeSignals,
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
    stderr: process.stderr,
  }
}

// An empty HOME or a relative XDG_CONFIG_HOME would put keys into whatever folder the command is started in, a repository
// say; the XDG base directory specification has relative ones ignored.
const configFolderOf = ({ REEVE_CONFIG, XDG_CONFIG_HOME, HOME }: NodeJS.ProcessEnv): string => {
  if (isSet(REEVE_CONFIG)) return resolve(REEVE_CONFIG)
  const home = isSet(HOME) ? homedir() : userInfo().homedir
  const isUsable = isSet(XDG_CONFIG_HOME) && isAbsolute(XDG_CONFIG_HOME)
  return join(isUsable ? XDG_CONFIG_HOME : join(home, '.config'), 'reeve')
}

// The XDG base directory specification: for the user alone, and gone when the user is. After `sudo -E` it is another's.
const runtimeFolderOf = ({ XDG_RUNTIME_DIR }: NodeJS.ProcessEnv): string =>
  isSet(XDG_RUNTIME_DIR) && isAbsolute(XDG_RUNTIME_DIR) && isOwn(XDG_RUNTIME_DIR) ? XDG_RUNTIME_DIR : tmpdir()

const isOwn = (folder: string): boolean => {
  const found = statSync(folder, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & OTHERS) === 0
}

const OTHERS = 0o022

const takeSignals: Surroundings['takeSignals'] = (names, heard) => {
  for (const name of names) {
    // Whoever takes them ends the command when what it holds is put away.
    process.removeAllListeners(name)
    process.on(name, heard)
  }
  return () => {
    for (const name of names) process.off(name, heard)
  }
}

const firstSet = (...values: readonly (string | undefined)[]): string | undefined => values.find(isSet)

const isSet = (value: string | undefined): value is string => value !== undefined && value !== ''
