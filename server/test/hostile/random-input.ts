import fc from 'fast-check'
import { fittingText, type Schema } from './sample-input.ts'

/** The members of JSON Schema by which random values are made. */
export interface OpenSchema extends Omit<Schema, 'type' | 'items' | 'anyOf' | 'oneOf' | 'properties'> {
  readonly type?: string | readonly string[]
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: OpenSchema
  readonly anyOf?: readonly OpenSchema[]
  readonly oneOf?: readonly OpenSchema[]
  readonly properties?: Readonly<Record<string, OpenSchema>>
}

/** What a server answered before, by the name of the field: what is asked next may be about it. */
export type Seen = Map<string, string[]>

const ITEMS_MAX = 3
const DEPTH_MAX = 6
const LONG = 300

/** Values that mostly fit this schema, and now and then do not. */
export const randomInput = (schema: OpenSchema, seen: Seen, name = '', depth = 0): fc.Arbitrary<unknown> => {
  const fitting = fittingInput(schema, seen, name, depth)
  return fc.oneof({ weight: 24, arbitrary: fitting }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) })
}

const fittingInput = (schema: OpenSchema, seen: Seen, name: string, depth: number): fc.Arbitrary<unknown> => {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined && choices.length > 0)
    return fc.oneof(...choices.map((choice) => randomInput(choice, seen, name, depth)))
  const types = [schema.type ?? []].flat()
  const made = types.flatMap((type) => {
    if (type === 'object') return [randomObject(schema, seen, depth)]
    if (type === 'array') return [randomList(schema, seen, name, depth)]
    if (type === 'string') return [randomText(schema, seen, name)]
    if (type === 'boolean') return [fc.boolean()]
    if (type === 'integer' || type === 'number') return [randomNumber(schema)]
    return type === 'null' ? [fc.constant(null)] : []
  })
  return made.length === 0 ? fc.jsonValue({ maxDepth: 2 }) : fc.oneof(...made)
}

const randomObject = (schema: OpenSchema, seen: Seen, depth: number): fc.Arbitrary<unknown> => {
  const { properties = {}, required = [] } = schema
  // What nests for ever has few fields at some depth.
  const names = Object.keys(properties).filter((name) => depth < DEPTH_MAX || required.includes(name))
  const fields = Object.fromEntries(
    names.map((name) => [name, randomInput(properties[name] ?? {}, seen, name, depth + 1)]),
  )
  const whole = fc.record(fields, { requiredKeys: names.filter((name) => required.includes(name)) })
  const strange = fc.tuple(
    whole,
    fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 }),
  )
  return fc.oneof(
    { weight: 20, arbitrary: whole },
    { weight: 1, arbitrary: strange.map(([one, more]) => ({ ...one, ...more })) },
  )
}

const randomList = (schema: OpenSchema, seen: Seen, name: string, depth: number): fc.Arbitrary<unknown> =>
  fc.array(randomInput(schema.items ?? {}, seen, name, depth + 1), {
    minLength: Math.min(schema.minItems ?? 0, ITEMS_MAX),
    maxLength: depth < DEPTH_MAX ? Math.min(schema.maxItems ?? ITEMS_MAX, ITEMS_MAX) : (schema.minItems ?? 0),
  })

const randomNumber = ({ minimum = -5, maximum = 1_000_000 }: OpenSchema): fc.Arbitrary<unknown> => {
  const [min, max] = [Math.max(minimum, Number.MIN_SAFE_INTEGER), Math.min(maximum, Number.MAX_SAFE_INTEGER)]
  const odd = fc.constantFrom(min - 1, max + 1, 1.5, -0, 1e21, Number.MAX_SAFE_INTEGER)
  return fc.oneof({ weight: 9, arbitrary: fc.integer({ min, max: Math.max(min, max) }) }, { weight: 1, arbitrary: odd })
}

const randomText = (schema: OpenSchema, seen: Seen, name: string): fc.Arbitrary<string> => {
  const { pattern, minLength = 0, maxLength = LONG } = schema
  const known = fc.nat().map((at) => {
    const all = seen.get(name) ?? []
    return all[at % Math.max(all.length, 1)] ?? fittingText({ pattern: pattern ?? '', minLength })
  })
  const wild = fc.string({ unit: 'binary', minLength, maxLength: Math.min(maxLength + 1, LONG) })
  const matching =
    pattern === undefined ? fc.string({ minLength, maxLength: Math.min(maxLength, LONG) }) : shaped(pattern)
  return fc.oneof(
    { weight: 5, arbitrary: known },
    { weight: 4, arbitrary: matching.map((text) => text.slice(0, maxLength)) },
    { weight: 1, arbitrary: wild },
  )
}

/** Texts of a pattern as far as they can be made from it; what it forbids to begin with is left to chance. */
const shaped = (pattern: string): fc.Arbitrary<string> => {
  const plain = pattern.replaceAll(/\(\?!(?:[^()]|\([^()]*\))*\)/g, '')
  try {
    const made = fc.stringMatching(new RegExp(plain, 'u'), { size: 'small' })
    fc.sample(made, { numRuns: 1, seed: 1 })
    return made
  } catch {
    return fc.oneof(fc.constant(fittingText({ pattern })), fc.string({ unit: 'grapheme', maxLength: 40 }))
  }
}
