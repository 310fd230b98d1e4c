import { CommanderError } from 'commander'
import { exitCodeOf } from './exit-code.ts'
import { buildProgram } from './program.ts'
import { reportError } from './report-error.ts'
import { processSurroundings } from './surroundings.ts'

/** Runs the command line and returns the exit code; never throws. */
export const main = async (): Promise<number> => {
  const around = processSurroundings()
  // A closed pipe (`reeve … | head`) is the reader's choice, not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  process.once('SIGINT', () => process.exit(130))
  const program = buildProgram(around)
  try {
    await program.parseAsync(process.argv)
    return typeof process.exitCode === 'number' ? process.exitCode : 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1
    reportError(around, error)
    return exitCodeOf(error)
  }
}
