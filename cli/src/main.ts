import { processSurroundings, type Surroundings } from './surroundings.ts'
import { VERSION } from './version.ts'

/** Runs the command line and returns the exit code; never throws. */
export const main = async (): Promise<number> => {
  const around = processSurroundings()
  // A closed pipe (`reeve … | head`) is the reader's choice, not an error; talk that nobody hears any more ends nothing.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  process.stderr.on('error', () => undefined)
  process.once('SIGINT', () => process.exit(130))
  // What slipped through is told like everything else, and never with a stack.
  process.on('uncaughtException', (error) => void tell(around, error).then((code) => process.exit(code)))
  const [first, ...more] = process.argv.slice(2)
  if (first === '--version' || first === '-V') {
    around.out(`${VERSION}\n`)
    return 0
  }
  if (first === '__complete') return complete(around, more)
  return run(around, process.argv.slice(2))
}

const run = async (around: Surroundings, argv: readonly string[]): Promise<number> => {
  try {
    const { runCommandLine } = await import('./run-command-line.ts')
    return await runCommandLine(around, argv)
  } catch (error) {
    return tell(around, error)
  }
}

const tell = async (around: Surroundings, error: unknown): Promise<number> => {
  const { failureOf } = await import('./failure.ts')
  const { reportError } = await import('./report-error.ts')
  const failure = failureOf(error)
  reportError(around, failure)
  return failure.exitCode
}

// A shell that asks for completions is told nothing of what went wrong.
const complete = async (around: Surroundings, argv: readonly string[]): Promise<number> => {
  try {
    const { completions } = await import('./completions.ts')
    const found = await completions(around, argv[0] === '--' ? argv.slice(1) : argv)
    around.out(found.map((each) => `${each}\n`).join(''))
    return 0
  } catch {
    return 1
  }
}
