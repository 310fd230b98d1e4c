import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differenceOf, type Line } from './high-risk.ts'

const line = (finding: string, change: Partial<Line> = {}): Line => ({
  ...{ finding, identity: `nhi_${finding}`, name: finding, team: 'team_a', severity: 'critical', state: 'open' },
  ...{ source: 'reeve:posture', where: null, evidence: ['privileged: admin (a.tf:3)'] },
  ...{ firstSeenAt: '2026-01-01T00:00:00.000Z', accepted: null },
  ...change,
})
const told = (before: Line[], now: Line[]) =>
  differenceOf(before, now).map(({ finding, change, because }) => [finding, change, ...because].join(' '))

test('what is new, changed, gone and the same is told in this order, and each of them once', () => {
  const accepted = line('b', { state: 'accepted' })
  assert.deepEqual(told([line('c'), line('b'), line('a')], [accepted, line('d'), line('a')]), [
    'd new',
    'b changed state: open → accepted',
    'c gone',
    'a same',
  ])
})

test('facts that came or went are a change and are named; a place that only moved by lines is none', () => {
  const with_ = (...evidence: string[]) => line('a', { evidence })
  assert.deepEqual(told([with_('privileged: admin (a.tf:3)')], [with_('privileged: admin (a.tf:9)')]), ['a same'])
  assert.deepEqual(told([with_('privileged: admin (a.tf:3)')], [with_('privileged: root (a.tf:3)')]), [
    'a changed now privileged: root (a.tf) no longer privileged: admin (a.tf)',
  ])
  assert.deepEqual(told([line('a')], [line('a', { team: 'team_b' })]), ['a changed team: team_a → team_b'])
})
