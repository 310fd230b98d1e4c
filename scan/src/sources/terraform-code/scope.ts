import type { HclBlock, HclBody, HclEntry, HclValue } from '../../hcl/hcl-body.ts'
import { type JsonObject, textOf, textsOf } from '../../json-value.ts'

/** What the names of one file stand for. */
export interface Scope {
  /** As JSON: what is not known is the text `${…}`, whose name people know. */
  valueIn(value: HclValue): unknown
  /** Attributes and nested blocks, these as lists of objects, as a state has them. */
  attributesOf(body: HclBody): JsonObject
}

/** What stands for an attribute of a resource that its block does not set: an ARN, say. */
export type Unset = (
  address: string,
  attribute: string,
  /** The text that the block does set, if it is known. */
  textAt: (attribute: string) => string,
) => string | undefined

/** Reads the names that a file gives values to: variables with a default, locals, resources, data. */
export const scopeOf = (blocks: readonly HclBlock[], unset: Unset): Scope => {
  const variables = new Map<string, HclValue>()
  const locals = new Map<string, HclValue>()
  const bodies = new Map<string, HclBody>()
  for (const { type, labels, body } of blocks) {
    const [first = '', second = ''] = labels
    if (type === 'variable') {
      const preset = body.attributes.find(({ key }) => key === 'default')
      if (preset) variables.set(first, preset.value)
    } else if (type === 'locals') for (const { key, value } of body.attributes) locals.set(key, value)
    else if (type === 'resource') bodies.set(`${first}.${second}`, body)
    else if (type === 'data') bodies.set(`data.${first}.${second}`, body)
  }
  // Names may stand for each other, in rings as well, and for twice as much with every line.
  let stepsLeft = STEPS_MAX
  const open = new Set<string>()

  const named = (name: string, value: HclValue | undefined, path: string): unknown => {
    stepsLeft -= 1
    if (value === undefined || open.has(name) || open.size > NAMES_DEEP_MAX || stepsLeft < 0) return `\${${path}}`
    open.add(name)
    const found = valueIn(value)
    open.delete(name)
    return found
  }
  const referred = (path: string): unknown => {
    const steps = path.split('.')
    const [head = '', second = '', third = ''] = steps
    if (head === 'var') return stepped(named(`var.${second}`, variables.get(second), path), steps.slice(2), path)
    if (head === 'local') return stepped(named(`local.${second}`, locals.get(second), path), steps.slice(2), path)
    const isData = head === 'data'
    const address = isData ? `data.${second}.${third}` : `${head}.${second}`
    const attribute = steps[isData ? 3 : 2] ?? 'id'
    if (address === '' || steps.length < (isData ? 4 : 2)) return `\${${path}}`
    const body = bodies.get(address)
    if (
      body &&
      address.startsWith('data.aws_iam_policy_document.') &&
      (attribute === 'json' || attribute === 'minified_json')
    )
      return documentAt(address, body)
    const set = body?.attributes.find(({ key }) => key === attribute)
    if (set) return named(`${address}.${attribute}`, set.value, path)
    const textAt = (name: string): string => {
      const own = body?.attributes.find(({ key }) => key === name)
      const text = own && named(`${address}.${name}`, own.value, path)
      return typeof text === 'string' ? text : ''
    }
    return unset(address, attribute, textAt) ?? `\${${path}}`
  }
  const documentAt = (address: string, body: HclBody): unknown => {
    if (open.has(address) || open.size > NAMES_DEEP_MAX || stepsLeft < 0) return `\${${address}.json}`
    open.add(address)
    const text = JSON.stringify(policyDocument(attributesOf(body)))
    open.delete(address)
    return text
  }
  const valueIn = (value: HclValue): unknown => {
    stepsLeft -= 1
    if (stepsLeft < 0) return '${…}'
    switch (value.is) {
      case 'literal':
        return value.value
      case 'template':
        return joined(value.parts.map((part) => plainText(valueIn(part))))
      case 'list':
        return value.items.map(valueIn)
      case 'object':
        return objectFrom(value.entries)
      case 'reference':
        return referred(value.path)
      case 'call':
        return called(value.name, value.args)
      case 'unknown':
        return `\${${value.text}}`
    }
  }
  const called = (name: string, args: readonly HclValue[]): unknown => {
    const [first] = args
    const from = first ? valueIn(first) : undefined
    if (SAME.has(name)) return from
    if (name === 'jsonencode') return JSON.stringify(from)
    if (name === 'jsondecode') return typeof from === 'string' ? parsed(from) : from
    if (name === 'concat' || name === 'compact' || name === 'flatten' || name === 'distinct')
      return args.flatMap((arg) => valueIn(arg)).flat()
    if (name === 'format' && typeof from === 'string') return formatted(from, args.slice(1).map(valueIn))
    if (name === 'join' && args[1]) {
      const items = valueIn(args[1])
      return Array.isArray(items)
        ? joined(textsOf(items).flatMap((item, at) => (at > 0 ? [String(from), item] : [item])))
        : `\${${name}(…)}`
    }
    if ((name === 'lower' || name === 'upper') && typeof from === 'string' && !from.includes('${'))
      return name === 'lower' ? from.toLowerCase() : from.toUpperCase()
    return `\${${name}(…)}`
  }
  const objectFrom = (entries: readonly HclEntry[]): JsonObject =>
    Object.fromEntries(entries.map(({ key, value }) => [key, valueIn(value)]))
  const attributesOf = (body: HclBody): JsonObject => {
    const blocksByType = Map.groupBy(body.blocks, ({ type, labels }) => (type === 'dynamic' ? (labels[0] ?? '') : type))
    return {
      ...Object.fromEntries(
        [...blocksByType].map(([type, nested]) => [
          type,
          nested.map((block) => attributesOf(block.type === 'dynamic' ? contentOf(block) : block.body)),
        ]),
      ),
      ...objectFrom(body.attributes),
    }
  }
  return { valueIn, attributesOf }
}

const STEPS_MAX = 200_000
const NAMES_DEEP_MAX = 40
const TEXT_CHARS_MAX = 65_536
// They change how a value is kept or shown, not what it is.
const SAME = new Set([
  'sensitive',
  'nonsensitive',
  'tostring',
  'tolist',
  'toset',
  'tomap',
  'trimspace',
  'chomp',
  'try',
  'one',
])

const contentOf = ({ body }: HclBlock): HclBody => body.blocks.find(({ type }) => type === 'content')?.body ?? EMPTY
const EMPTY: HclBody = { attributes: [], blocks: [] }

const stepped = (value: unknown, steps: readonly string[], path: string): unknown => {
  let at: unknown = value
  for (const step of steps) {
    const isThere = typeof at === 'object' && at !== null && !Array.isArray(at) && Object.hasOwn(at, step)
    if (!isThere) return `\${${path}}`
    at = Object.entries(at ?? {}).find(([key]) => key === step)?.[1]
  }
  return at
}

const plainText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '${…}'

// Text that is put together of itself ends where no file of people's would.
const joined = (parts: readonly string[]): string => {
  let text = ''
  for (const part of parts) {
    if (text.length + part.length > TEXT_CHARS_MAX) return `${text}\${…}`
    text += part
  }
  return text
}

const formatted = (form: string, values: readonly unknown[]): string => {
  let at = 0
  return joined(form.split(/(%[sdqv])/).map((piece) => (/^%[sdqv]$/.test(piece) ? plainText(values[at++]) : piece)))
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return '${…}'
  }
}

/** The policy that `data "aws_iam_policy_document"` makes of its blocks. */
const policyDocument = (from: JsonObject): JsonObject => ({
  Version: '2012-10-17',
  Statement: [
    ...[
      ...textsOf(from.source_policy_documents),
      ...textsOf(from.override_policy_documents),
      textOf(from, 'source_json'),
    ]
      .map(parsed)
      .flatMap((document) => statementsOf(document)),
    ...listOf(from.statement).map(statementFrom),
  ],
})

const listOf = (value: unknown): JsonObject[] =>
  (Array.isArray(value) ? value : []).filter((one): one is JsonObject => typeof one === 'object' && one !== null)

const statementsOf = (document: unknown): JsonObject[] =>
  typeof document === 'object' && document !== null && 'Statement' in document ? listOf(document.Statement) : []

const statementFrom = (from: JsonObject): JsonObject => ({
  Sid: textOf(from, 'sid'),
  Effect: textOf(from, 'effect') || 'Allow',
  ...present('Action', from.actions),
  ...present('NotAction', from.not_actions),
  ...present('Resource', from.resources),
  ...present('NotResource', from.not_resources),
  ...principalsFrom('Principal', from.principals),
  ...principalsFrom('NotPrincipal', from.not_principals),
  Condition: conditionsFrom(from.condition),
})

const present = (name: string, value: unknown): JsonObject =>
  textsOf(value).length > 0 ? { [name]: textsOf(value) } : {}

const principalsFrom = (name: string, value: unknown): JsonObject => {
  const byType = new Map<string, string[]>()
  for (const one of listOf(value)) {
    const type = textOf(one, 'type')
    byType.set(type, [...(byType.get(type) ?? []), ...textsOf(one.identifiers)])
  }
  if (byType.size === 0) return {}
  return { [name]: byType.has('*') ? '*' : Object.fromEntries(byType) }
}

const conditionsFrom = (value: unknown): JsonObject => {
  const byTest = new Map<string, Record<string, readonly string[]>>()
  for (const one of listOf(value)) {
    const test = byTest.get(textOf(one, 'test')) ?? {}
    byTest.set(textOf(one, 'test'), { ...test, [textOf(one, 'variable')]: textsOf(one.values) })
  }
  return Object.fromEntries(byTest)
}
