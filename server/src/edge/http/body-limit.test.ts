import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { everyOperation } from '../../catalogue.ts'
import { bodyBytesMax } from './body-limit.ts'

const KIB = 1024
const Thing = z.strictObject({ name: z.string() })
const LARGE: readonly (readonly [string, z.ZodType])[] = [
  ['things', z.array(Thing)],
  ['things, if any', z.array(Thing).default([])],
  ['anything', z.array(z.unknown()).optional()],
  ['things by name', z.record(z.string(), Thing)],
  ['what another operation takes', z.looseObject({})],
]
const SMALL: readonly (readonly [string, z.ZodType])[] = [
  ['a text', z.string()],
  ['names', z.array(z.string().trim().max(20)).max(20).nullable()],
  ['words', z.array(z.enum(['a', 'b']))],
  ['tags', z.record(z.string(), z.string())],
  ['counts', z.record(z.string(), z.int())],
  ['one thing', Thing.optional()],
]

test('a body may be large where it holds lists of things, and nowhere else', () => {
  const [known] = everyOperation()
  assert.ok(known)
  const kibOf = (schema: z.ZodType): number =>
    bodyBytesMax({ ...known, input: z.strictObject({ name: z.string(), given: schema }) }) / KIB
  for (const [what, schema] of LARGE) assert.equal(kibOf(schema), 1024, what)
  for (const [what, schema] of SMALL) assert.equal(kibOf(schema), 128, what)
  const large = everyOperation().filter((operation) => bodyBytesMax(operation) > 128 * KIB)
  assert.ok(large.length > 10 && large.length < everyOperation().length / 2, `${large.length} may be large`)
})
