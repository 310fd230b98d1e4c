import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alikeProblems } from './alike-problems.ts'

const ofAction = (action: string, attribute = 'colour', column = 3) => ({
  policy: 'p',
  line: 1,
  column,
  message: `attribute \`${attribute}\` in context for Reeve::Action::"${action}" not found (did you mean \`now\`?)`,
})
const ofType = (type: string, guess = '') => ({
  policy: 'p',
  line: 2,
  column: 1,
  message: `attribute \`kindness\` on entity type \`Reeve::${type}\` not found${guess}`,
})

test('what is wrong at one place for many actions or types is one problem, with how many and one of them', () => {
  const problems = [
    ...['b.list', 'a.show', 'c \\"d\\" e'].map((action) => ofAction(action)),
    ofType('Anonymous'),
    ofType('Identity', ' (did you mean `kind`?)'),
  ]
  assert.deepEqual(
    alikeProblems(problems).map(({ message }) => message),
    [
      'attribute `colour` in context for 3 actions, such as Reeve::Action::"a.show" not found (did you mean `now`?)',
      'attribute `kindness` on 2 entity types, such as `Reeve::Identity` not found (did you mean `kind`?)',
    ],
  )
})

test('what differs in its place, its policy or its words stays apart, and one alone stays as it was said', () => {
  const apart = [
    ofAction('a.show'),
    ofAction('a.show', 'colour', 9),
    ofAction('a.show', 'size'),
    { ...ofAction('a.show'), policy: 'q' },
    { policy: 'p', message: 'another policy has this id' },
  ]
  assert.deepEqual(alikeProblems(apart), apart)
  assert.deepEqual(alikeProblems([ofType('Identity'), ofType('Identity')]), [ofType('Identity')])
})
