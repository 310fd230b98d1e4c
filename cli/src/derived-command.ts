import { type Command, Option } from 'commander'
import { asApproved } from './as-approved.ts'
import type { CommandSpec } from './command.ts'
import type { Context } from './context.ts'
import { type DerivedCommand, deriveCommand } from './derived.ts'
import type { DerivedFlag } from './derived-flags.ts'
import { CommandError } from './exit-code.ts'
import { failureOf } from './failure.ts'
import { type FlagValue, readFlag } from './flag-value.ts'
import type { ListedOperation } from './operations.ts'
import { readInput } from './read-input.ts'
import { sampleLine } from './sample-line.ts'
import { SHORT_RESULTS } from './short-results.ts'
import { showValue } from './show-value.ts'

/** The command of an operation, under its own name or under shorter words. */
export const derivedCommand = (operation: ListedOperation, words: string): CommandSpec => {
  const derived = deriveCommand(operation)
  return {
    declare: (command) => declare(command, operation, derived),
    examples: [sampleLine(words, derived)],
    output: { operation: operation.name },
    run: (context, command) => run(context, command, operation, derived),
  }
}

/** Operations that cannot be undone: a person is asked first, and a program says --yes. */
const FINAL: ReadonlySet<string> = new Set([
  'inventory.identity.retire',
  'broker.credential.revoke',
  'broker.credential.rollback',
  'lifecycle.person.remove',
])

const declare = (command: Command, operation: ListedOperation, { positional, flags }: DerivedCommand): void => {
  if (positional !== undefined)
    command.argument(
      // Required, but perhaps in --body: that is looked at when both are there.
      `[${positional.name}]`,
      [positional.isRequired ? 'required' : '', describe(positional)].filter((part) => part !== '').join('; '),
    )
  for (const flag of flags) {
    command.addOption(optionOf(flag))
    // A value of false must be sayable, but it need not fill the help.
    if (flag.kind === 'boolean') command.addOption(new Option(flag.flag.replace('--', '--no-')).hideHelp())
  }
  if (operation.effect === 'write') {
    command.option('--body <file>', 'the whole input as JSON in a file, or - for standard input')
    if (mayBeApproved(operation))
      command.option('--ask-approval <reason>', 'do not do it; ask for the approval of exactly this')
  }
  if (FINAL.has(operation.name)) command.option('--yes', 'do not ask; this cannot be undone')
  if (isPaged(operation)) command.option('--all', 'every page, not only the first')
}

const mayBeApproved = (operation: ListedOperation): boolean =>
  has(operation, 'approval') && operation.effect === 'write'

const isPaged = (operation: ListedOperation): boolean => has(operation, 'cursor')

const has = (operation: ListedOperation, property: string): boolean => {
  const { properties } = operation.input
  return typeof properties === 'object' && properties !== null && Object.hasOwn(properties, property)
}

const REPEATED = new Set<DerivedFlag['kind']>(['list', 'record', 'objects'])

const optionOf = (flag: DerivedFlag): Option => {
  const option = new Option(`${flag.flag}${PLACEHOLDERS[flag.kind]}`, describe(flag))
  const collect = (value: string, before: unknown) => [...(Array.isArray(before) ? before : []), value]
  if (REPEATED.has(flag.kind)) option.argParser(collect)
  return option.helpGroup(flag.isRequired ? 'Required:' : 'Options:')
}

const PLACEHOLDERS: Readonly<Record<DerivedFlag['kind'], string>> = {
  text: ' <text>',
  number: ' <number>',
  boolean: '',
  time: ' <time>',
  list: ' <text>',
  record: ' <key=value>',
  objects: ' <key=value,…>',
  json: ' <json>',
}

/** What the schema knows of a flag, in words. */
const describe = (flag: DerivedFlag): string => {
  const { schema } = flag
  const isBounded = typeof schema.maximum === 'number' && schema.maximum < Number.MAX_SAFE_INTEGER
  const isTellable = schema.default !== undefined && schema.default !== null && typeof schema.default !== 'object'
  return [
    flag.description,
    flag.choices.length > 0 ? `one of ${flag.choices.join(', ')}` : '',
    flag.kind === 'objects' ? `keys ${flag.keys.join(', ')}` : '',
    flag.kind === 'time' ? 'such as 30d, 12h or 2027-01-31' : '',
    isBounded ? `${Number(schema.minimum ?? 0)} to ${Number(schema.maximum)}` : '',
    REPEATED.has(flag.kind) ? 'repeat for more' : '',
    flag.isNullable ? '`null` for none' : '',
    isTellable && schema.default !== '' && schema.default !== false ? `default ${String(schema.default)}` : '',
  ]
    .filter((part) => part !== '')
    .join('; ')
}

const run = async (
  context: Context,
  command: Command,
  operation: ListedOperation,
  derived: DerivedCommand,
): Promise<void> => {
  const options = command.opts<Readonly<Record<string, unknown>>>()
  const fromFile = await readInput(context.around, options.body)
  const input = inputOf(derived, command.args[0], options, fromFile, context.around.now())
  try {
    await callOperation(context, operation, derived, input, options)
  } catch (error) {
    throw inFlags(error, derived)
  }
}

const callOperation = async (
  context: Context,
  operation: ListedOperation,
  derived: DerivedCommand,
  given: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, unknown>>,
): Promise<void> => {
  const client = await context.client()
  const isSpan = ({ flag }: DerivedFlag) => /^\d+[dhm]$/.test(String(options[camel(flag)]))
  const input = await asApproved(client, derived, given, isSpan)
  if (typeof options.askApproval === 'string') {
    const { askApproval } = await import('./ask-approval.ts')
    return askApproval(context, operation.name, input, options.askApproval)
  }
  if (FINAL.has(operation.name) && options.yes !== true) {
    const { confirmed } = await import('./confirm.ts')
    const name = String(input[operation.name.split('.')[1] ?? ''])
    await confirmed(context, `${context.entry.words} ${name}: this cannot be undone`, name)
  }
  if (options.all === true) {
    const { everyItem } = await import('./every-item.ts')
    return show(context, { items: await everyItem(client, operation.name, input), nextCursor: null })
  }
  const output = Object(await client.callByName(operation.name, input))
  show(context, output, SHORT_RESULTS[operation.name])
  // What only judges fails a pipeline where it refuses.
  if (output.isAcceptable === false)
    throw new CommandError('this would be refused', { exitCode: 8, next: 'mend what is refused above' })
}

const show = (context: Context, output: object, short?: (answer: object) => string): void => {
  context.print(output, () => short?.(output) ?? showValue(output, context.around.columns))
  if (context.isJson) return
  if ('items' in output && Array.isArray(output.items) && output.items.length === 0) context.say('nothing here')
  if ('nextCursor' in output && typeof output.nextCursor === 'string')
    context.say(`there is more: --all, or --cursor ${output.nextCursor}`)
}

/** The input that argument and flags stand for. Throws one error that names all that is wrong or missing. */
export const inputOf = (
  derived: DerivedCommand,
  argument: string | undefined,
  options: Readonly<Record<string, unknown>>,
  fromFile: Readonly<Record<string, unknown>>,
  now: Date,
): Record<string, unknown> => {
  const input: Record<string, unknown> = { ...fromFile }
  const problems: string[] = []
  const wrong = new Set<DerivedFlag>()
  const set = (flag: DerivedFlag, given: unknown, name: string) => {
    if (given === undefined) return
    const read: FlagValue = readFlag(flag, given, now)
    if ('value' in read) return place(input, flag.path, read.value)
    wrong.add(flag)
    problems.push(`${name} ${read.problem}`)
  }
  const { positional, flags } = derived
  if (positional !== undefined) set(positional, argument, `<${positional.name}>`)
  for (const flag of flags) set(flag, options[camel(flag.flag)], flag.flag)
  const missing = [...(positional === undefined ? [] : [{ ...positional, flag: `<${positional.name}>` }]), ...flags]
    .filter((flag) => flag.isRequired && !wrong.has(flag) && at(input, flag.path) === undefined)
    .map(({ flag }) => flag)
  if (missing.length > 0) problems.unshift(`needs ${missing.join(', ')}`)
  const [first, ...rest] = problems
  if (first !== undefined) throw new CommandError(first, { lines: rest })
  return input
}

const camel = (flag: string): string => flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

const place = (input: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void => {
  if (rest.length === 0) {
    input[name] = value
    return
  }
  const inner = input[name]
  const next: Record<string, unknown> = typeof inner === 'object' && inner !== null ? { ...inner } : {}
  place(next, rest, value)
  input[name] = next
}

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined),
    value,
  )

/** The same error with the flags' names for the places that the server names. */
const inFlags = (error: unknown, { positional, flags }: DerivedCommand): unknown => {
  const failure = failureOf(error)
  const names = new Map([
    ...flags.map((flag): [string, string] => [flag.path.join('.'), flag.flag]),
    ...(positional === undefined ? [] : [[positional.name, `<${positional.name}>`] as const]),
  ])
  const lines = failure.lines.map((line) => {
    const place = line.slice(0, Math.max(0, line.indexOf(':')))
    return names.has(place) ? `${names.get(place)}${line.slice(place.length)}` : line
  })
  return new CommandError(failure.message, { ...failure, lines, cause: error })
}
