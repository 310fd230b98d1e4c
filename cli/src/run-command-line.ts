import { Command, CommanderError, type Option } from 'commander'
import type { CommandEntry } from './command.ts'
import { GLOBAL_HELP, type SplitLine, splitLine } from './command-line.ts'
import { contextOf } from './context.ts'
import { refuseEmptyValues } from './empty-value.ts'
import { CommandError } from './exit-code.ts'
import { OWN_COMMANDS } from './own-commands.ts'
import { closest } from './suggest.ts'
import type { Surroundings } from './surroundings.ts'

/** Finds the command that a line names, and runs it; resolves to the exit code. Throws what `failureOf` reads. */
export const runCommandLine = async (around: Surroundings, argv: readonly string[]): Promise<number> => {
  const line = splitLine(argv)
  const [one = '', two = ''] = line.words
  const [odd] = line.rest(0)
  if (one === '' && odd !== undefined) throw new CommandError(`unknown option ${odd}`, { next: 'reeve help' })
  if (one === '' || one === 'help') return help(around, one === '' ? line : splitLine(line.rest(1)))
  const ownOf = (asked: string) => OWN_COMMANDS.find(({ words }) => words === asked)
  const own = ownOf(`${one} ${two}`) ?? ownOf(one)
  if (own !== undefined) return runEntry(around, own, line, argv)
  const { everyCommand } = await import('./every-command.ts')
  const commands = everyCommand()
  const entry = commands.get(`${one} ${two}`) ?? commands.get(one)
  if (entry !== undefined) return runEntry(around, entry, line, argv)
  if (line.flags.wantsHelp) return help(around, line)
  const { unknownCommand } = await import('./unknown-command.ts')
  throw unknownCommand(one, two, commands)
}

const help = async (around: Surroundings, { words }: SplitLine): Promise<number> => {
  around.out(await helpText(words))
  return 0
}

const helpText = async (words: readonly string[]): Promise<string> => {
  const { groupHelp, rootHelp, TOPICS } = await import('./help.ts')
  const { everyCommand } = await import('./every-command.ts')
  const commands = everyCommand()
  const [one = '', two = ''] = words
  if (one === '') return rootHelp(commands)
  const text = TOPICS[one]
  if (text !== undefined) return text()
  const entry = commands.get(`${one} ${two}`) ?? commands.get(one)
  if (entry !== undefined) return (await buildCommand(entry)).helpInformation()
  if (two === '' && [...commands.keys()].some((each) => each.startsWith(`${one} `))) return groupHelp(one, commands)
  const { unknownCommand } = await import('./unknown-command.ts')
  throw unknownCommand(one, two, commands)
}

const runEntry = async (
  around: Surroundings,
  entry: CommandEntry,
  line: SplitLine,
  argv: readonly string[],
): Promise<number> => {
  const command = await buildCommand(entry)
  if (line.flags.wantsHelp) {
    around.out(command.helpInformation())
    return 0
  }
  refuseEmptyValues(argv, command.options, `reeve ${entry.words} --help`)
  const spec = await entry.load()
  let code = 0
  command.action(async () => {
    code = (await spec.run(contextOf(around, entry, line.flags), command)) ?? 0
  })
  try {
    await command.parseAsync(line.rest(wordsIn(entry)), { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) throw wrongUse(error, entry, command, line.rest(wordsIn(entry)))
    const asking = command.options.some(({ long }) => long === '--ask-approval')
      ? (await import('./asking-command.ts')).askingCommand(error, argv)
      : undefined
    if (asking !== undefined) {
      const { failureOf } = await import('./failure.ts')
      const failure = failureOf(error)
      throw new CommandError(failure.message, { ...failure, next: asking, cause: error })
    }
    if (!(error instanceof CommandError) || error.next !== undefined || error.exitCode !== 1) throw error
    throw new CommandError(error.message, { ...error, next: `reeve ${entry.words} --help`, cause: error })
  }
}

const HELP_COLUMNS = 80

/** A command with its flags and its help, ready to be parsed. */
export const buildCommand = async (entry: CommandEntry): Promise<Command> => {
  const spec = await entry.load()
  const command = new Command(`reeve ${entry.words}`)
    .description(`${entry.summary.charAt(0).toUpperCase()}${entry.summary.slice(1)}.`)
    .exitOverride()
    .helpOption(false)
    .showSuggestionAfterError(true)
    .configureOutput({ writeErr: () => undefined, outputError: () => undefined })
  spec.declare?.(command)
  const rendering = command.createHelp()
  rendering.helpWidth = HELP_COLUMNS
  // Long flags leave less beside them than is wrapped by default.
  rendering.minWidthToWrap = 20
  command.helpInformation = () =>
    [
      rendering.formatHelp(command, rendering),
      `${GLOBAL_HELP}\n`,
      spec.examples.length > 1 ? 'Examples:' : 'Example:',
      ...spec.examples.map((example) => `  ${example}`),
      ...(spec.notes === undefined ? [] : ['', wrapped(spec.notes)]),
      '',
      `Exit codes: reeve help exit-codes. JSON: reeve schema ${entry.words}`,
      '',
    ].join('\n')
  return command
}

const wrapped = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/(.{1,78})(?: +|$)/g, '$1\n').trimEnd())
    .join('\n')

const wordsIn = (entry: CommandEntry): number => entry.words.split(' ').length

/** The parser's complaint in our words, with all that is missing and what was most likely meant. */
const wrongUse = (
  error: CommanderError,
  entry: CommandEntry,
  command: Command,
  given: readonly string[],
): CommandError => {
  const flags = command.options.filter(({ hidden }) => !hidden)
  // What is behind -- is another program's.
  const own = given.includes('--') ? given.slice(0, given.indexOf('--')) : given
  const unknown = own.find(
    (text) => /^--?[a-z]/i.test(text) && !command.options.some((option) => isOption(option, text)),
  )
  const [message, near] =
    unknown === undefined
      ? complaint(error, command)
      : [
          `unknown option ${unknown}`,
          closest(
            unknown,
            flags.flatMap(({ long }) => long ?? []),
          ),
        ]
  return new CommandError(message, {
    lines: [...(near === undefined ? [] : [`did you mean ${near}?`]), `usage: reeve ${entry.words} ${command.usage()}`],
    next: `reeve ${entry.words} --help`,
  })
}

const isOption = ({ long, short }: Option, text: string): boolean =>
  [long, short].includes(text.startsWith('--') ? text.replace(/=.*$/s, '') : text.slice(0, 2))

const complaint = (error: CommanderError, command: Command): readonly [string, string | undefined] => {
  const message = error.message.replace(/^error: /, '').split('\n')[0] ?? ''
  const [, name = '', value = '', choices = ''] =
    /^option '(?:-\w, )?(--[\w-]+).*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s.exec(message) ?? []
  if (name !== '') return [`${name} is one of ${choices}; not \`${value}\``, closest(value, choices.split(', '))]
  if (error.code === 'commander.excessArguments')
    return [`too many arguments: ${command.args.slice(command.registeredArguments.length).join(' ')}`, undefined]
  const isMissing = ['commander.missingArgument', 'commander.missingMandatoryOptionValue'].includes(error.code)
  return [
    isMissing
      ? `needs ${missing(command).join(', ')}`
      : message.replace(/^option '(.*)' argument missing$/, '$1 needs a value'),
    undefined,
  ]
}

const missing = (command: Command): string[] => [
  ...command.registeredArguments
    .slice(command.args.length)
    .filter(({ required }) => required)
    .map((argument) => `<${argument.name()}>`),
  ...command.options
    .filter((option) => option.mandatory && command.getOptionValue(option.attributeName()) === undefined)
    .map(({ flags }) => flags),
]
