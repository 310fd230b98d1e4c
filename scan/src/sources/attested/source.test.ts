import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { attestedSource } from './source.ts'

const HEADER = readFileSync(join(import.meta.dirname, 'questionnaire.csv'), 'utf8').trim()
const row = (fields: Readonly<Record<string, string>>) =>
  HEADER.split(',')
    .map((name) => `"${(fields[name] ?? '').replaceAll('"', '""')}"`)
    .join(',')
const read = (...rows: readonly string[]) => readSource(attestedSource, [HEADER, ...rows].join('\r\n'), 'answers.csv')
const ANSWER = {
  name: 'badge reader',
  kind: 'device',
  owner: 'facilities',
  attester: 'ann',
  'attested on': '2026-08-01',
}

const FACTS: readonly [string, Readonly<Record<string, string>>, string[]][] = [
  ['a fresh answer', ANSWER, []],
  ['an old answer', { ...ANSWER, 'attested on': '2025-08-01' }, ['account/attestation-old medium']],
  ['a day in another order', { ...ANSWER, 'attested on': '01.08.2026' }, ['account/attestation-old medium']],
  ['no date', { ...ANSWER, 'attested on': '' }, ['account/attestation-old medium']],
  ['nobody who says so', { ...ANSWER, attester: '' }, ['account/attestation-old medium']],
  ['several users', { ...ANSWER, 'shared with': 'reception, guards' }, ['account/shared medium']],
  ['no other users', { ...ANSWER, 'shared with': 'no' }, []],
  ['all rights', { ...ANSWER, privileged: 'yes' }, ['account/broad-role high']],
  [
    'a password that never ends',
    { ...ANSWER, credential: 'password', made: '2026-08-01', ends: 'never' },
    ['credential/without-end medium'],
  ],
  ['no use for long', { ...ANSWER, 'last used': '2025-01-01' }, ['account/unused medium']],
]

for (const [name, fields, rules] of FACTS)
  test(`a questionnaire with ${name} gives ${rules.length === 0 ? 'no finding' : rules.join(' and ')}`, () => {
    const { rulesFound, problems } = read(row(fields))
    assert.deepEqual(problems, [])
    assert.deepEqual(rulesFound, rules)
  })

test('an answer is an identity with its owner, its reaches and who said so; a known key joins it with what a system says', () => {
  const { sightings } = read(
    row({
      ...ANSWER,
      key: 'aws:arn:x',
      reaches: 'door 1; door "2"',
      purpose: 'opens\ndoors',
      environment: 'production',
    }),
  )
  const [one] = sightings
  assert.deepEqual(
    [one?.kind, one?.stableKey, one?.ownerHint?.value, one?.environment?.value],
    ['device', 'aws:arn:x', 'facilities', 'production'],
  )
  assert.deepEqual(
    one?.reaches.map(({ what }) => what),
    ['door 1', 'door "2"'],
  )
  const [other] = read(row({ ...ANSWER, 'attested on': '01.08.2026' })).sightings
  assert.equal(other?.traits.find(({ trait }) => trait === 'account:attested')?.detail, 'unreadable')
  assert.match(one?.evidence[0] ?? '', /^ann attested it on 2026-08-01/)
})

test('rows that are cut short are counted, lines are told, and other tables are left alone', () => {
  const { sightings, problems } = read(
    row({ ...ANSWER, purpose: 'two\nlines' }),
    'cut,short',
    row({ ...ANSWER, name: 'b' }),
    row({ ...ANSWER, name: '' }),
    '"open',
  )
  assert.deepEqual(
    sightings.map(({ name, where }) => [name, where.line]),
    [
      ['badge reader', 2],
      ['b', 5],
    ],
  )
  assert.deepEqual(
    problems.map(({ detail }) => detail),
    ['rows that are cut short or have no name: 3'],
  )
  assert.equal(read(row(ANSWER).slice(0, -1)).problems.length, 1)
  assert.equal(readSource(attestedSource, 'name,price\napple,1\n', 'shop.csv').isWanted, false)
  assert.equal(readSource(attestedSource, '', 'empty.csv').isWanted, false)
  assert.ok(readSource(attestedSource, `${HEADER}\n${'"'.repeat(100_001)}`, 'x.csv').problems.length > 0)
})
