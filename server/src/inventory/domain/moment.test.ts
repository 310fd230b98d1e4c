import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declaredMoment } from './moment.ts'

const NOW = new Date('2026-11-22T12:00:00Z')

test('a moment is a date, a time with its zone, or a number of days from now', () => {
  const at = (text: string) => declaredMoment(text, NOW)?.at.toISOString()
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
    assert.equal(declaredMoment(text, NOW), undefined, text)
})
