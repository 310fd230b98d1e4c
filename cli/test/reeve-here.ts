import { Readable } from 'node:stream'
import { failureOf } from '../src/failure.ts'
import { reportError } from '../src/report-error.ts'
import { runCommandLine } from '../src/run-command-line.ts'
import type { Surroundings } from '../src/surroundings.ts'
import { fakeSurroundings } from './fake-surroundings.ts'
import type { Reeve } from './reeve-process.ts'

/**
 * Runs command lines in this process, in surroundings that are these where they say something, and otherwise a fresh
 * folder and no server: for what the line does. What the process itself does (signals, pipes, exit) needs a real one.
 */
export const reeveHere =
  (own: Partial<Surroundings> = {}): Reeve =>
  async (args, { stdin = '' } = {}) => {
    const decoder = new TextDecoder()
    const { around, said, remove } = fakeSurroundings({
      stdin: Readable.from([Buffer.from(stdin)], { objectMode: false }),
      stream: async (piece) => {
        said.out += decoder.decode(piece, { stream: true })
      },
      now: () => new Date(),
      ...own,
    })
    const code = await runCommandLine(around, args).catch((error: unknown) => {
      const failure = failureOf(error)
      reportError(around, failure)
      return failure.exitCode
    })
    remove()
    return { code, ...said }
  }
