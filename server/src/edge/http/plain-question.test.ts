import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Evaluation, readEvaluations } from './authzen-body.ts'
import { plainQuestion } from './plain-question.ts'

// Names that reach into prototypes are refused with the body, before either looks at it.
const name = fc.string().filter((text) => text !== '__proto__')
const text = fc.oneof(name, fc.constantFrom('', 'user', 'x'.repeat(200), 'x'.repeat(201), 'y'.repeat(1_001)))
const anything = fc.oneof(text, fc.integer(), fc.constant(null), fc.constant([]), fc.constant(undefined))
const stated = fc.oneof(anything, fc.dictionary(text, fc.jsonValue(), { maxKeys: 3 }))
const entity = fc.oneof(
  anything,
  fc.record(
    { type: fc.oneof(text, anything), id: fc.oneof(text, anything), properties: stated, more: anything },
    { requiredKeys: [] },
  ),
)
const action = fc.oneof(
  anything,
  fc.record({ name: fc.oneof(text, anything), properties: stated, more: anything }, { requiredKeys: [] }),
)
const members = { subject: entity, action, resource: entity, context: stated, more: anything }
const proper = fc.record({ type: fc.string({ minLength: 1 }), id: fc.string({ minLength: 1 }) })
const fitting = fc.record({
  subject: proper,
  action: fc.record({ name: fc.string({ minLength: 1 }) }),
  resource: proper,
})
// One that fits, as it is or with some members in place of its own, so that both ways are taken often.
const body = fc.oneof(
  anything,
  fc.record(members, { requiredKeys: [] }),
  fc.tuple(fitting, fc.record(members, { requiredKeys: [] })).map(([fits, other]) => ({ ...fits, ...other })),
  fc
    .tuple(fitting, fc.record({ context: stated }, { requiredKeys: [] }))
    .map(([fits, other]) => ({ ...fits, ...other })),
)

// As it arrives: nothing of it is undefined.
const sent = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)))

test('what is read without the schema, the schema reads as the same', () => {
  let plain = 0
  fc.assert(
    fc.property(body, (asked) => {
      const question = plainQuestion(sent(asked))
      if (question === undefined) return
      plain += 1
      assert.deepEqual(JSON.stringify(question), JSON.stringify(Evaluation.parse(sent(asked))))
    }),
    { numRuns: 3_000 },
  )
  assert.ok(plain > 100, `${plain} of them`)
})

test('every bound of a question holds on the short way too', () => {
  const fits = { subject: { type: 't', id: 'i' }, action: { name: 'n' }, resource: { type: 't', id: 'i' } }
  assert.deepEqual(plainQuestion(fits), Evaluation.parse(fits))
  for (const bad of [
    { subject: { type: 't'.repeat(201), id: 'i' } },
    { subject: { type: 't', id: 'i'.repeat(1_001) } },
    { subject: { type: '', id: 'i' } },
    { action: { name: 'n'.repeat(201) } },
    { resource: { type: 't', id: 7 } },
    { context: [] },
    { context: { ['k'.repeat(201)]: 1 } },
    { resource: { type: 't', id: 'i', properties: null } },
  ])
    assert.equal(plainQuestion({ ...fits, ...bad }), undefined, JSON.stringify(bad).slice(0, 80))
})

test('an item takes the default context where it has none of its own', () => {
  const item = { subject: { type: 't', id: 'i' }, action: { name: 'n' }, resource: { type: 't', id: 'i' } }
  const asked = { context: { at: 'noon' }, evaluations: [item, { ...item, context: {} }] }
  const read = readEvaluations(asked)
  assert.ok('questions' in read)
  const contexts = read.questions.map((question) => (typeof question === 'string' ? question : question.context))
  assert.deepEqual(contexts, [{ at: 'noon' }, {}])
})
