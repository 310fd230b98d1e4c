import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { deriveCommand } from '../src/derived.ts'
import { inputOf } from '../src/derived-command.ts'
import { everyCommand, wordsOf } from '../src/every-command.ts'
import { rootHelp } from '../src/help.ts'
import { listedOperations } from '../src/operations.ts'
import { OWN_COMMANDS, SHORT_WORDS, UNDER_OTHER_WORDS } from '../src/own-commands.ts'
import { buildCommand } from '../src/run-command-line.ts'

const commands = everyCommand()

test('every operation that a person may call has a command under its own words, or a named one of its own', () => {
  for (const { name } of listedOperations()) {
    const words = UNDER_OTHER_WORDS[name] ?? wordsOf(name)
    assert.ok(commands.has(words), `${name} has no command \`reeve ${words}\``)
  }
})

test('every command is an operation or is listed with words of its own, and no two share their words', () => {
  const derived = listedOperations().map(({ name }) => wordsOf(name))
  assert.equal(new Set(derived).size, derived.length)
  const own = OWN_COMMANDS.map(({ words }) => words)
  for (const words of commands.keys())
    assert.ok(derived.includes(words) || own.includes(words) || words in SHORT_WORDS, words)
  for (const words of Object.keys(SHORT_WORDS)) assert.ok(commands.has(words), words)
})

test('no word of one command is the first of a pair, so that every line names one command', () => {
  const pairs = new Set([...commands.keys()].filter((words) => words.includes(' ')).map((words) => words.split(' ')[0]))
  const both = [...commands.keys()].filter((words) => pairs.has(words))
  assert.deepEqual(both, [])
})

test('every input of an operation can be given: by an argument, a flag, or as JSON, a secret as JSON alone', () => {
  for (const operation of listedOperations()) {
    const { positional, flags } = deriveCommand(operation)
    const heads = new Set([positional?.name, ...flags.map(({ path }) => path[0])])
    for (const [property, schema] of Object.entries(Object(operation.input.properties)))
      assert.ok(Object(schema).writeOnly === true || heads.has(property), `${operation.name} ${property}`)
  }
})

test('no flag carries a secret', () => {
  for (const operation of listedOperations().filter(({ name }) => !(name in UNDER_OTHER_WORDS))) {
    const { positional, flags } = deriveCommand(operation)
    const names = [positional?.name ?? '', ...flags.map(({ path }) => path.at(-1) ?? '')]
    const secret = names.filter((name) =>
      /^(token|secret|password|assertion|authorization|code|privateKey)$/i.test(name),
    )
    assert.deepEqual(secret, [], operation.name)
  }
})

test('the help of every command has an example, names its schema, and is 80 columns wide at most', async () => {
  for (const [words, entry] of commands) {
    const help = (await buildCommand(entry)).helpInformation()
    assert.match(help, /\nExamples?:\n {2}\S*.*reeve /, words)
    assert.match(help, new RegExp(`reeve schema ${words}\n`), words)
    assert.match(help, /reeve help exit-codes/, words)
    for (const line of help.split('\n')) assert.ok(line.length <= 80, `${words}: ${line}`)
  }
  for (const line of rootHelp(commands).split('\n')) assert.ok(line.length <= 80, line)
})

const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)

test('the example of every derived command is one that the operation takes', async () => {
  for (const operation of listedOperations()) {
    const entry = commands.get(wordsOf(operation.name))
    if (entry === undefined || OWN_COMMANDS.includes(entry)) continue
    const spec = await entry.load()
    const [example = ''] = spec.examples
    if (example.includes('--body')) continue
    const derived = deriveCommand(operation)
    const command = await buildCommand({ ...entry, load: () => ({ ...spec, run: () => undefined }) })
    command.action(() => undefined)
    await command.parseAsync(wordsIn(example).slice(1 + entry.words.split(' ').length), { from: 'user' })
    const input = inputOf(derived, command.args[0], command.opts(), {}, new Date('2026-11-01T00:00:00Z'))
    const check = ajv.compile(operation.input)
    assert.ok(check(input), `${example}\n${JSON.stringify(input)}\n${ajv.errorsText(check.errors)}`)
  }
})

/** A line as a shell reads it. */
const wordsIn = (line: string): string[] =>
  [...line.replaceAll('\\\n', ' ').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  )
