import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanDays, latestRefusals } from './clean-days.ts'

const now = new Date('2026-12-10T12:00:00Z')
const CASES = [
  ['2026-12-01T12:00:00Z', null, 9],
  ['2026-12-01T12:00:01Z', null, 8],
  ['2026-12-01T12:00:00Z', '2026-12-10T11:00:00Z', 0],
  ['2026-12-01T12:00:00Z', '2026-12-09T12:00:00Z', 1],
  ['2026-10-01T12:00:00Z', null, 14],
  ['2026-12-11T12:00:00Z', null, 0],
] as const
for (const [since, lastRefusalAt, days] of CASES)
  test(`report-only since ${since}, last refusal ${lastRefusalAt}: ${days} clean days, of 14 that were looked at`, () =>
    assert.equal(cleanDays({ since, lastRefusalAt }, { days: 14, now }), days))

test('pages are joined by what is report-only, not by its place: something is enforced between two of them', () => {
  const of = (target: string, lastRefusalAt: string | null) => ({ kind: 'identity', target, lastRefusalAt })
  const [early, late] = ['2026-12-01T12:00:00.000Z', '2026-12-02T12:00:00.000Z']
  const first = [of('nhi_a', late), of('nhi_b', null), of('nhi_c', early)]
  assert.deepEqual(latestRefusals(first, [of('nhi_b', null), of('nhi_c', late), of('nhi_d', null)]), [
    of('nhi_b', null),
    of('nhi_c', late),
    of('nhi_d', null),
  ])
  assert.deepEqual(latestRefusals(first, [of('nhi_a', null), of('nhi_c', null)]), [
    of('nhi_a', late),
    of('nhi_c', early),
  ])
})
