import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { inputPlaces } from './input-places.ts'
import { plainIssue } from './plain-issue.ts'

const Input = z.strictObject({
  name: z.string().min(1).max(3).optional(),
  form: z.string().regex(/^a+$/).optional(),
  count: z.number().int().min(1).max(9).optional(),
  more: z.number().gt(2).optional(),
  is: z.boolean().optional(),
  kind: z.enum(['a', 'b']).optional(),
  one: z.literal('x').optional(),
  at: z.iso.datetime().optional(),
  email: z.email().optional(),
  list: z.array(z.string()).min(1).max(1).optional(),
  record: z.record(z.string(), z.string()).optional(),
  either: z.union([z.string(), z.number()]).optional(),
  own: z.string('own is a word of its own').optional(),
})
const Tags = z.record(z.string().regex(/^[a-z]+$/, 'a tag is named with a-z'), z.string(), 'these are no tags')
const Needed = z.strictObject({ text: z.string(), kind: z.enum(['a', 'b']) })

for (const [schema, input, details] of [
  [Needed, {}, ['is mandatory', 'is mandatory']],
  [Input, { name: 1, form: null, count: '1', is: 'yes' }, ['a text', 'a text', 'a number', 'true or false'].map(must)],
  [Input, { name: '' }, ['must have at least 1 character']],
  [Input, { name: 'abcd' }, ['must have at most 3 characters']],
  [Input, { form: 'b' }, ['must have the form /^a+$/']],
  [Input, { count: 0 }, ['must be at least 1']],
  [Input, { count: 10 }, ['must be at most 9']],
  [Input, { count: 1.5 }, ['must be a whole number']],
  [Input, { count: ['1', '2'] }, ['must be a number']],
  [Input, { more: 2 }, ['must be more than 2']],
  [Input, { kind: 'c', one: 'y' }, ['must be one of a, b', 'must be x']],
  [Input, { at: 'soon', email: 'me' }, ['must be a moment such as 2027-01-31T00:00:00Z', 'must be an email address']],
  [Input, { list: [] }, ['must have at least 1 item']],
  [Input, { list: {}, record: [] }, ['must be a list', 'must be an object']],
  [Input, { either: true }, ['fits none of the forms that it may have']],
  [Input, { own: 1 }, ['own is a word of its own']],
  [Tags, { 'A b': 'x' }, ['a tag is named with a-z']],
  [Tags, 1, ['these are no tags']],
] as const)
  test(`an input that does not fit is told in plain words: ${JSON.stringify(input)}`, () => {
    const { error } = schema.safeParse(input, { error: plainIssue })
    assert.deepEqual(
      inputPlaces(error?.issues ?? []).map(({ detail }) => detail),
      details,
    )
  })

function must(what: string): string {
  return `must be ${what}`
}
