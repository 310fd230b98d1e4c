import { Command } from 'commander'
import { addApi } from './commands/api.ts'
import { addApply } from './commands/apply.ts'
import { addAudit } from './commands/audit.ts'
import { addCan } from './commands/can.ts'
import { addCredential } from './commands/credential.ts'
import { addDecide } from './commands/decide.ts'
import { addExitCodes } from './commands/exit-codes.ts'
import { addImport } from './commands/import.ts'
import { addLogin } from './commands/login.ts'
import { addQuarantine } from './commands/quarantine.ts'
import { addScan } from './commands/scan.ts'
import { addStatus } from './commands/status.ts'
import { addToken } from './commands/token.ts'
import { addWhy } from './commands/why.ts'
import { contextOf } from './context.ts'
import { declareFlags, deriveCommand, inputOf, type ListedOperation } from './derived.ts'
import { listedOperations } from './operations.ts'
import { readInput } from './read-input.ts'
import { showValue } from './show-value.ts'
import type { Surroundings } from './surroundings.ts'

/** The whole command line: the commands with words of their own, and one for every other operation of the server. */
export const buildProgram = (around: Surroundings): Command => {
  const program = new Command('reeve')
    .description('The control plane for non-human identities: find, own, credential, judge, record and stop them.')
    .option('--json', 'print data as JSON')
    .option('--server <url>', 'the server to speak to (or REEVE_SERVER)')
    .option('--no-input', 'never ask a question')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .version('0.1.0', '--version')
    .showSuggestionAfterError(true)
    .showHelpAfterError('(add --help for what it takes)')
    .exitOverride()
  const adders = [
    addLogin,
    addStatus,
    addScan,
    addImport,
    addApply,
    addCredential,
    addQuarantine,
    addWhy,
    addCan,
    addToken,
    addAudit,
    addDecide,
    addApi,
    addExitCodes,
  ]
  for (const add of adders) add(program, around)
  for (const operation of listedOperations()) addDerived(program, around, operation)
  return program
}

/** Adds `reeve NOUN VERB` for an operation. A command with words of its own keeps them. */
const addDerived = (program: Command, around: Surroundings, operation: ListedOperation): void => {
  const derived = deriveCommand(operation)
  const group = program.commands.find((command) => command.name() === derived.noun) ?? addGroup(program, derived.noun)
  if (group.commands.some((command) => command.name() === derived.verb)) return
  const command = group.command(derived.verb).description(operation.summary).exitOverride()
  declareFlags(command, derived)
  command.action(async (...given: unknown[]) => {
    const context = contextOf(around, command)
    const positional = derived.positional === undefined ? undefined : String(given[0])
    const options = command.opts<Record<string, unknown>>()
    const fromFile = await readInput(around, options.body)
    const output = await context.client.callByName(operation.name, {
      ...fromFile,
      ...inputOf(derived, positional, options),
    })
    context.print(output, () => showValue(output, around.columns))
  })
}

const addGroup = (program: Command, noun: string): Command =>
  program
    .command(noun)
    .description(`everything about ${noun === 'access' ? noun : `${noun}s`.replace(/ys$/, 'ies')}`)
    .exitOverride()
