import { z } from 'zod'
import type { Operation } from '../../src/kit/operation.ts'

/** Chooses the text of a field, by its name and schema. */
export type TextOf = (field: string, schema: Schema) => string

/** The members of JSON Schema that are read here. */
export interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly propertyNames?: Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
}

/** The JSON Schema of an operation's input. */
export const schemaOf = ({ input }: Operation): Schema => {
  const schema = made.get(input) ?? AnySchema.parse(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }))
  made.set(input, schema)
  return schema
}

// Each is asked for once a field and payload, thousands of times.
const made = new WeakMap<z.ZodType, Schema>()

/** A value that fits what an operation answers, with these texts. */
export const sampleOutput = (operation: Operation, textOf: TextOf): unknown =>
  sample(AnySchema.parse(z.toJSONSchema(operation.output, { io: 'output', unrepresentable: 'any' })), '', textOf, false)

// What zod writes is JSON Schema; only the members above are read.
const AnySchema = z.custom<Schema>((value) => typeof value === 'object' && value !== null)

/** An input that fits the schema where that can be told from the schema alone; every field is there unless `isMinimal`. */
export const sampleInput = (operation: Operation, textOf: TextOf, isMinimal = false): unknown =>
  sample(schemaOf(operation), '', textOf, isMinimal)

/** Where the texts of an input stand: the paths of all its string fields that are no choice of constants. */
export const textFields = (operation: Operation): readonly string[] => {
  const found = new Set<string>()
  sampleInput(operation, (field, schema) => {
    found.add(field)
    return fittingText(schema)
  })
  return [...found]
}

const sample = (schema: Schema, field: string, textOf: TextOf, isMinimal: boolean): unknown => {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[0]
  const choice = (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.[0]
  if (choice !== undefined) return sample(choice, field, textOf, isMinimal)
  if (schema.type === 'string') return textOf(field, schema)
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(schema.minimum ?? 0, 1)
  if (schema.type === 'boolean') return false
  if (schema.type === 'array')
    return schema.items === undefined ? [] : [sample(schema.items, `${field}[]`, textOf, isMinimal)]
  if (schema.type === 'object') return sampleObject(schema, field, textOf, isMinimal)
  return null
}

const sampleObject = (schema: Schema, field: string, textOf: TextOf, isMinimal: boolean): Record<string, unknown> => {
  const made: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (isMinimal && schema.required?.includes(name) !== true) continue
    made[name] = sample(inner, field === '' ? name : `${field}.${name}`, textOf, isMinimal)
  }
  const { additionalProperties } = schema
  if (typeof additionalProperties === 'object' && !isMinimal)
    made.key = sample(additionalProperties, `${field}.*`, textOf, isMinimal)
  return made
}

// Whatever pattern a text has, one of these is meant to fit; the first that does is taken.
const CANDIDATES = [
  'orders-sync',
  'a',
  '90d',
  '2026-12-01T00:00:00.000Z',
  'tech@example.com',
  'https://orders.example.com',
  `nhi_${'a'.repeat(22)}`,
  `crd_${'a'.repeat(22)}`,
  `apr_${'a'.repeat(22)}`,
  `evt_${'a'.repeat(22)}`,
  'a'.repeat(43),
  'inventory.identity.create',
  '127.0.0.1',
  'A',
  '1',
]

/** A text that fits the schema's pattern and bounds, as far as the candidates go. */
export const fittingText = ({ pattern, minLength = 0 }: Schema): string => {
  const shape = pattern === undefined ? undefined : new RegExp(pattern, 'u')
  const fits = (text: string) => text.length >= minLength && (shape === undefined || shape.test(text))
  return CANDIDATES.find(fits) ?? 'a'.repeat(Math.max(minLength, 1))
}
