import type { Command } from 'commander'
import { splitLine } from './command-line.ts'
import { everyCommand } from './every-command.ts'
import { buildCommand } from './run-command-line.ts'
import type { Surroundings } from './surroundings.ts'

/** What may come next on a line whose last word is not finished: words, flags, the values of a flag, or live ids. */
export const completions = async (around: Surroundings, argv: readonly string[]): Promise<readonly string[]> => {
  const part = argv.at(-1) ?? ''
  const before = argv.slice(0, -1)
  const commands = everyCommand()
  const { words, rest } = splitLine(before)
  const [one = '', two = ''] = words
  const entry = commands.get(one) ?? commands.get(`${one} ${two}`)
  if (entry === undefined) {
    if (words.length > 1) return []
    const start = one === '' ? '' : `${one} `
    const next = [...commands.keys()].filter((each) => each.startsWith(start)).map((each) => each.slice(start.length))
    return startingWith(part, one === '' ? [...next.map(firstWord), 'help'] : next.map(firstWord))
  }
  const command = await buildCommand(entry)
  const given = rest(entry.words.split(' ').length)
  const open = openOption(command, given.at(-1))
  if (open !== undefined) return startingWith(part, await valuesOf(around, open.attributeName(), choicesOf(open), part))
  if (part.startsWith('-')) {
    const own = command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? [])
    return startingWith(part, [...own, ...GLOBAL_FLAGS])
  }
  const argument = command.registeredArguments[operandsIn(command, given)]
  if (argument === undefined) return []
  return startingWith(part, await valuesOf(around, argument.name(), choicesOf(argument), part))
}

const GLOBAL_FLAGS = ['--json', '--server', '--no-input', '--no-color', '--help']

const firstWord = (words: string): string => words.split(' ')[0] ?? ''

const startingWith = (part: string, words: readonly string[]): string[] =>
  [...new Set(words)].filter((word) => word.startsWith(part)).sort()

const openOption = (command: Command, last: string | undefined) =>
  command.options.find((option) => option.required && last !== undefined && [option.long, option.short].includes(last))

/** How many of the words given are arguments, and not flags or their values. */
const operandsIn = (command: Command, given: readonly string[]): number =>
  given.filter((text, at) => !text.startsWith('-') && openOption(command, given[at - 1]) === undefined).length

// A list of choices is in the description of derived flags, and of arguments such as `<scope>`.
const choicesOf = ({ argChoices, description }: { argChoices?: string[]; description: string }): readonly string[] => {
  if (argChoices !== undefined) return argChoices
  const listed =
    /one of ([\w, -]+)/.exec(description)?.[1] ?? (/^[\w-]+(?:, [\w-]+)+$/.test(description) ? description : '')
  return listed === '' ? [] : listed.split(', ')
}

/** Which list of the server holds the names of what is asked for. */
const LISTS: Readonly<Record<string, readonly [string, string]>> = {
  identity: ['inventory.identity.list', 'name'],
  who: ['inventory.identity.list', 'name'],
  parent: ['inventory.identity.list', 'name'],
  owner: ['inventory.team.list', 'name'],
  team: ['inventory.team.list', 'name'],
  resource: ['policy.resource.list', 'name'],
  bundle: ['policy.bundle.list', 'name'],
  credential: ['broker.credential.list', 'id'],
  grant: ['policy.grant.list', 'id'],
  finding: ['observe.finding.list', 'id'],
  sighting: ['inventory.sighting.list', 'id'],
  approval: ['lifecycle.approval.list', 'id'],
  exception: ['lifecycle.exception.list', 'id'],
  person: ['lifecycle.person.list', 'id'],
}

const PATIENCE_MS = 1_000

const valuesOf = async (
  around: Surroundings,
  name: string,
  choices: readonly string[],
  part: string,
): Promise<readonly string[]> => {
  if (name === 'operation') return (await import('./operations.ts')).listedOperations().map((each) => each.name)
  const list = LISTS[name]
  if (choices.length > 0 || list === undefined) return choices
  const [operation, key] = list
  const { serverUrl } = await import('./server-url.ts')
  const { freshSession } = await import('./session.ts')
  const { createClient } = await import('@reeve/sdk/client')
  const server = serverUrl(around, undefined)
  const session = freshSession(around, server)
  // A shell waits for this: nobody is logged in, and nothing is renewed, because of a tab key.
  if (session === undefined) return []
  const { clock, random } = around
  const client = createClient({
    baseUrl: server,
    token: session.token,
    triesMax: 1,
    timeoutMs: PATIENCE_MS,
    clock,
    random,
  })
  const begins = operation === 'inventory.identity.list' && part !== '' ? { text: part } : {}
  const page = Object(await client.callByName(operation, { limit: 100, ...begins }))
  const names: string[] = Array.isArray(page.items)
    ? page.items.map((item: Record<string, unknown>) => String(item[key]))
    : []
  return names.filter((name) => PLAIN.test(name))
}

// A shell puts these into the line that runs next: what it could read as more than one plain word is not offered.
const PLAIN = /^\w[\w.@:/+-]{0,199}$/
