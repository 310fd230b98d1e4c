import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { everyOperation } from '../src/catalogue.ts'

type Schema = Readonly<Record<string, unknown>>

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A pattern that is tied to both ends and repeats nothing without end is a bound as well. */
const isBounding = (pattern: unknown): boolean =>
  typeof pattern === 'string' && /^\^.*\$$/.test(pattern) && !/[*+]|\{\d+,\}/.test(pattern)

// What a directory declares of teams and identities is taken apart by the room that has them, and strictly there.
const TAKEN_APART_LATER = ['apply', 'plan', 'test'].flatMap((verb) =>
  ['teams', 'identities'].map((kind) => `policy.access.${verb}/${kind}[]`),
)

/** What a schema lets in without a bound, by where it stands. */
const unbounded = (schema: unknown, at: string): string[] => {
  if (!isSchema(schema)) return []
  const { type, properties, additionalProperties, items, propertyNames } = schema
  const own: string[] = []
  const isFixed = 'enum' in schema || 'const' in schema
  if (type === 'string' && !isFixed && !('maxLength' in schema) && !isBounding(schema.pattern))
    own.push(`${at}: a text of any length`)
  if (type === 'array' && !('maxItems' in schema)) own.push(`${at}: a list of any length`)
  if (
    type === 'object' &&
    properties !== undefined &&
    additionalProperties !== false &&
    !TAKEN_APART_LATER.includes(at)
  )
    own.push(`${at}: fields that nobody knows`)
  const children: [unknown, string][] = [
    ...Object.entries(isSchema(properties) ? properties : {}).map(([name, each]): [unknown, string] => [
      each,
      `${at}/${name}`,
    ]),
    ...['anyOf', 'oneOf', 'allOf', 'prefixItems'].flatMap((key) => {
      const each = schema[key]
      return Array.isArray(each) ? each.map((one): [unknown, string] => [one, at]) : []
    }),
    [additionalProperties, `${at}/*`],
    [propertyNames, `${at} (names)`],
    [items, `${at}[]`],
    ...Object.entries(isSchema(schema.$defs) ? schema.$defs : {}).map(([name, each]): [unknown, string] => [
      each,
      `${at}#${name}`,
    ]),
  ]
  return [...own, ...children.flatMap(([child, place]) => unbounded(child, place))]
}

test('T9: every text and list of an input has a bound, and a field that nobody knows is refused, in every operation', () => {
  const operations = everyOperation()
  assert.ok(operations.length > 50, String(operations.length))
  const wrong = operations.flatMap(({ name, input }) =>
    unbounded(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }), name),
  )
  assert.deepEqual(wrong, [])
})
