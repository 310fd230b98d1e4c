import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonSchema } from './command.ts'
import { flagsOf } from './derived-flags.ts'
import { readFlag, readTime } from './flag-value.ts'

const NOW = new Date('2026-11-01T12:00:00Z')
const text = { type: 'string' }

const flagOf = (schema: JsonSchema) => {
  const [flag] = flagsOf({ type: 'object', properties: { one: schema } })
  assert.ok(flag !== undefined)
  return flag
}

const roles = {
  type: 'array',
  items: { type: 'object', properties: { role: text, team: text, actions: { type: 'array', items: text } } },
}

const tags = { type: 'array', items: { type: 'object', properties: { tag: text, isKept: { type: 'boolean' } } } }

const READ: readonly (readonly [string, JsonSchema, unknown, unknown])[] = [
  ['text', text, 'a b', 'a b'],
  ['a whole number', { type: 'integer', minimum: 1, maximum: 9 }, '7', 7],
  ['a negative number', { type: 'number' }, '-1.5', -1.5],
  ['a choice', { type: 'string', enum: ['low', 'high'] }, 'low', 'low'],
  ['a list', { type: 'array', items: text }, ['a,b', 'c'], ['a,b', 'c']],
  ['a list of choices with commas', { type: 'array', items: { enum: ['a', 'b'] } }, ['a,b'], ['a', 'b']],
  ['a record', { type: 'object', additionalProperties: text }, ['a=1', 'b=x=y'], { a: '1', b: 'x=y' }],
  ['null where it may be', { anyOf: [text, { type: 'null' }] }, 'null', null],
  ['the word null where it may not', text, 'null', 'null'],
  ['objects', roles, ['role=owner,team=pay', 'viewer'], [{ role: 'owner', team: 'pay' }, { role: 'viewer' }]],
  ['objects with a list', roles, ['role=a,actions=x'], [{ role: 'a', actions: ['x'] }]],
  ['objects with a longer list', roles, ['role=a,actions=x,actions=y'], [{ role: 'a', actions: ['x', 'y'] }]],
  [
    'objects with yes and no',
    tags,
    ['tag=a,isKept=true', 'tag=b,isKept=false'],
    [
      { tag: 'a', isKept: true },
      { tag: 'b', isKept: false },
    ],
  ],
  ['objects as JSON', roles, ['[{"role":"a"}]', '{"role":"b"}'], [{ role: 'a' }, { role: 'b' }]],
  ['JSON', { type: 'object', additionalProperties: {} }, '{"a":[1]}', { a: [1] }],
]
for (const [what, schema, given, expected] of READ)
  test(`${what} is read from a flag`, () => {
    assert.deepEqual(readFlag(flagOf(schema), given, NOW), { value: expected })
  })

const REFUSED: readonly (readonly [JsonSchema, unknown, RegExp])[] = [
  [{ type: 'integer', minimum: 1, maximum: 9 }, '10', /whole number from 1 to 9; not `10`/],
  [{ type: 'integer' }, '1.5', /whole number; not `1\.5`/],
  [{ type: 'number' }, '1e3', /is a number; not `1e3`/],
  [{ type: 'number' }, '', /is a number/],
  [{ enum: ['low', 'high'] }, 'lo', /one of low, high; not `lo` \(did you mean low\?\)/],
  [{ type: 'array', items: { enum: ['a'] } }, ['a', 'z'], /one of a; not `z`/],
  [{ type: 'object', additionalProperties: text }, ['a'], /`a` has no =/],
  [tags, ['tag=a,isKept=yes'], /true or false for isKept; not `yes`/],
  [roles, ['role=a,tem=b'], /keys role, team, actions; not `tem`/],
  [roles, ['{"role"'], /not valid JSON/],
  [{ type: 'object', additionalProperties: {} }, '{', /not valid JSON/],
  [{ type: 'string', format: 'date-time' }, 'soon', /is a time such as/],
]
for (const [schema, given, pattern] of REFUSED)
  test(`${JSON.stringify(given)} is refused for ${JSON.stringify(schema).slice(0, 60)}`, () => {
    const read = readFlag(flagOf(schema), given, NOW)
    assert.ok('problem' in read)
    assert.match(read.problem, pattern)
  })

test('what may be written as a moment or as days is a time of a flag', () => {
  const schema = { anyOf: [{ type: 'string', format: 'date-time' }, text] }
  assert.deepEqual(readFlag(flagOf(schema), '12h', NOW), { value: '2026-11-02T00:00:00.000Z' })
})

test('a time is a moment, a date, or a span from now', () => {
  assert.deepEqual(readTime('30d', NOW), { value: '2026-12-01T12:00:00.000Z' })
  assert.deepEqual(readTime('12h', NOW), { value: '2026-11-02T00:00:00.000Z' })
  assert.deepEqual(readTime('15m', NOW), { value: '2026-11-01T12:15:00.000Z' })
  assert.deepEqual(readTime('2027-01-31', NOW), { value: '2027-01-31T00:00:00.000Z' })
  assert.deepEqual(readTime('2027-01-31T10:00:00+02:00', NOW), { value: '2027-01-31T08:00:00.000Z' })
  for (const wrong of ['', '30', 'd', '2027-13-01', '2027-01-31T10:00', '1/2/2027', '30 d'])
    assert.ok('problem' in readTime(wrong, NOW), wrong)
})

test('an object becomes a flag for each of its properties, and is needed only where it is', () => {
  const flags = flagsOf({
    type: 'object',
    required: ['classification'],
    properties: {
      classification: { type: 'object', required: ['blastRadius'], properties: { blastRadius: text, note: text } },
      workflow: { anyOf: [{ type: 'object', required: ['name'], properties: { name: text } }, { type: 'null' }] },
    },
  })
  assert.deepEqual(
    flags.map(({ flag, isRequired }) => [flag, isRequired]),
    [
      ['--classification.blast-radius', true],
      ['--classification.note', false],
      ['--workflow.name', false],
    ],
  )
})
