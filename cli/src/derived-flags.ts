import type { JsonSchema } from './command.ts'

/** How the text after a flag becomes a value. */
export type FlagKind = 'text' | 'number' | 'boolean' | 'time' | 'list' | 'record' | 'objects' | 'json'

/** One flag of a derived command: a property of the operation's input, or of an object in it. */
export interface DerivedFlag {
  /** Where in the input the value goes. */
  readonly path: readonly string[]
  /** `--classification.blast-radius` */
  readonly flag: string
  readonly kind: FlagKind
  readonly isRequired: boolean
  readonly isNullable: boolean
  readonly schema: JsonSchema
  /** The values that are allowed, where they are few. */
  readonly choices: readonly string[]
  /** With kind `objects`: the keys of each. */
  readonly keys: readonly string[]
  readonly description: string
}

/** The flags of an input schema: an object becomes a flag for each of its properties, with a dot between. */
export const flagsOf = (schema: JsonSchema): readonly DerivedFlag[] => propertyFlags(schema, [], true)

const DEPTH_MAX = 3

const propertyFlags = (schema: JsonSchema, path: readonly string[], isNeeded: boolean): DerivedFlag[] => {
  const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : [])
  return Object.entries(recordOf(schema.properties)).flatMap(([name, property]) => {
    const own = [...path, name]
    const isRequired = isNeeded && required.has(name)
    // A secret on a command line is in the list of processes and in the history of the shell: --body takes it.
    if (recordOf(property).writeOnly === true) return []
    const { inner, isNullable } = withoutNull(recordOf(property))
    if (inner.type === 'object' && inner.properties !== undefined && own.length < DEPTH_MAX)
      return propertyFlags(inner, own, isRequired)
    return [flagOf(own, recordOf(property), inner, { isRequired, isNullable })]
  })
}

const flagOf = (
  path: readonly string[],
  property: JsonSchema,
  inner: JsonSchema,
  given: { readonly isRequired: boolean; readonly isNullable: boolean },
): DerivedFlag => {
  const kind = kindOf(inner)
  const item = recordOf(inner.items)
  const values = kind === 'list' ? item : inner
  return {
    path,
    flag: `--${path.map(kebab).join('.')}`,
    kind,
    ...given,
    schema: inner,
    choices: choicesOf(values),
    keys: kind === 'objects' ? Object.keys(recordOf(item.properties)) : [],
    description: String(property.description ?? inner.description ?? ''),
  }
}

const choicesOf = (schema: JsonSchema): readonly string[] => {
  if (Array.isArray(schema.enum)) return schema.enum.map(String)
  return schema.const === undefined ? [] : [String(schema.const)]
}

const kindOf = (schema: JsonSchema): FlagKind => {
  if (schema.type === 'string' && schema.format === 'date-time') return 'time'
  if (schema.type === 'string' || schema.enum !== undefined || schema.const !== undefined) return 'text'
  if (schema.type === 'number' || schema.type === 'integer') return 'number'
  if (schema.type === 'boolean') return 'boolean'
  if (schema.type === 'array') return listKindOf(recordOf(schema.items))
  const values = recordOf(schema.additionalProperties)
  if (schema.type === 'object' && schema.properties === undefined && values.type === 'string') return 'record'
  const parts = Array.isArray(schema.anyOf) ? schema.anyOf.map((part) => kindOf(recordOf(part))) : ['json']
  if (parts.includes('time') && parts.every((kind) => kind === 'time' || kind === 'text')) return 'time'
  return parts.every((kind) => kind === 'text') ? 'text' : 'json'
}

const listKindOf = (item: JsonSchema): FlagKind => {
  const kind = kindOf(item)
  if (kind === 'text') return 'list'
  return item.type === 'object' && item.properties !== undefined ? 'objects' : 'json'
}

const withoutNull = (schema: JsonSchema): { readonly inner: JsonSchema; readonly isNullable: boolean } => {
  if (!Array.isArray(schema.anyOf)) return { inner: schema, isNullable: false }
  const others = schema.anyOf.map(recordOf).filter((part) => part.type !== 'null')
  const isNullable = others.length < schema.anyOf.length
  return { inner: others.length === 1 ? (others[0] ?? {}) : { ...schema, anyOf: others }, isNullable }
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
