import type { Command } from 'commander'

/** An operation as the SDK lists it. */
export interface ListedOperation {
  readonly name: string
  readonly summary: string
  readonly effect: 'read' | 'write'
  readonly input: Readonly<Record<string, unknown>>
}

/** What one flag of a derived command stands for. */
export interface DerivedFlag {
  readonly property: string
  readonly flag: string
  readonly kind: 'text' | 'number' | 'flag' | 'list' | 'record' | 'json'
  readonly isRequired: boolean
}

/** The command that an operation becomes: `inventory.identity.show` is `reeve identity show IDENTITY`. */
export interface DerivedCommand {
  readonly noun: string
  readonly verb: string
  readonly positional: string | undefined
  readonly flags: readonly DerivedFlag[]
}

/** Derives the words, the positional argument and the flags of an operation's command from its name and input schema. */
export const deriveCommand = (operation: ListedOperation): DerivedCommand => {
  const [, noun = '', verb = ''] = operation.name.split('.')
  const properties = recordOf(operation.input.properties)
  const required = new Set(Array.isArray(operation.input.required) ? operation.input.required.map(String) : [])
  const positional = [noun, 'id', 'name'].find((name) => required.has(name) && kindOf(properties[name]) === 'text')
  const flags = Object.keys(properties)
    .filter((name) => name !== positional)
    .map((name) => ({
      property: name,
      flag: `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      kind: kindOf(properties[name]),
      isRequired: required.has(name),
    }))
  return { noun, verb, positional, flags }
}

/** Adds a derived command's argument and flags to a commander command. */
export const declareFlags = (command: Command, derived: DerivedCommand): void => {
  if (derived.positional !== undefined) command.argument(`<${derived.positional}>`)
  for (const flag of derived.flags) {
    const value = {
      text: ' <text>',
      number: ' <number>',
      flag: '',
      list: ' <text...>',
      record: ' <key=value...>',
      json: ' <json>',
    }
    command.option(`${flag.flag}${value[flag.kind]}`, flag.isRequired ? 'required' : '')
  }
  command.option('--body <file>', 'read the whole input as JSON from a file, or - for standard input')
}

/** The input that the given argument and flags stand for. Values that do not fit are left for the server to name. */
export const inputOf = (
  derived: DerivedCommand,
  positional: string | undefined,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const input: Record<string, unknown> = {}
  if (derived.positional !== undefined && positional !== undefined) input[derived.positional] = positional
  for (const flag of derived.flags) {
    const value = options[flag.property]
    if (value !== undefined) input[flag.property] = convert(flag.kind, value)
  }
  return input
}

const convert = (kind: DerivedFlag['kind'], value: unknown): unknown => {
  if (kind === 'number' && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  if (kind === 'record' && Array.isArray(value)) return Object.fromEntries(value.map((pair) => splitPair(String(pair))))
  if (kind === 'json' && typeof value === 'string') return parseJson(value)
  return value
}

const splitPair = (pair: string): [string, string] => {
  const at = pair.indexOf('=')
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const kindOf = (property: unknown): DerivedFlag['kind'] => {
  const schema = recordOf(property)
  const inner = Array.isArray(schema.anyOf)
    ? recordOf(schema.anyOf.find((part) => recordOf(part).type !== 'null'))
    : schema
  if (inner.type === 'string' || inner.enum !== undefined || inner.const !== undefined) return 'text'
  if (inner.type === 'number' || inner.type === 'integer') return 'number'
  if (inner.type === 'boolean') return 'flag'
  if (inner.type === 'array') return recordOf(inner.items).type === 'string' ? 'list' : 'json'
  const isRecord = inner.type === 'object' && inner.properties === undefined
  return isRecord && recordOf(inner.additionalProperties).type === 'string' ? 'record' : 'json'
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
