import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMoment, WrittenMoment } from './moment.ts'

const NOW = new Date('2026-11-22T12:00:00Z')

test('a moment is a date, a time with its zone, or a number of days from now', () => {
  const at = (text: string) => readMoment(text, NOW)?.toISOString()
  assert.equal(at('90d'), '2027-02-20T12:00:00.000Z')
  assert.equal(at('2027-02-28'), '2027-02-28T00:00:00.000Z')
  assert.equal(at('2027-02-28T10:00:00+02:00'), '2027-02-28T08:00:00.000Z')
  assert.equal(at('2027-02-28T10:00Z'), '2027-02-28T10:00:00.000Z')
})

test('what is no moment is none: zero and negative days, days that no month has, times without a zone', () => {
  for (const text of [
    '0d',
    '-1d',
    '1.5d',
    '90',
    '',
    'never',
    '2027-02-30',
    '2027-13-01',
    '2027-02-28T10:00:00',
    '2027-02-28T25:00:00Z',
  ])
    assert.equal(readMoment(text, NOW), undefined, text)
})

test('whatever stands for a moment fits the schema of one, and nothing else that is short does', () => {
  for (const text of [
    '90d',
    '2027-02-28',
    '2027-02-28T10:00:00+02:00',
    '2027-02-28T10:00Z',
    '2027-02-28T10:00:00.123Z',
  ])
    assert.ok(WrittenMoment.safeParse(text).success, text)
  for (const text of ['0d', '12h', 'soon', '', '1e3d', '2027-02-28 10:00', `${'1'.repeat(40)}d`])
    assert.ok(!WrittenMoment.safeParse(text).success, text)
})
