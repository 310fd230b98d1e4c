import assert from 'node:assert/strict'
import { test } from 'node:test'
import { approvalDigest, hasSay, isEnough, type Need, type Vote } from './approval.ts'
import type { Role } from './role.ts'

const vote = (person: string, verdict: Vote['verdict'], ...roles: readonly Role[]): Vote => ({ person, verdict, roles })
const security: Role = { role: 'approver', team: null }
const approverOfA: Role = { role: 'approver', team: 'a' }
const ownerOfA: Role = { role: 'owner', team: 'a' }
const ownerOfAll: Role = { role: 'owner', team: null }
const approverOfB: Role = { role: 'approver', team: 'b' }
const admin: Role = { role: 'admin', team: null }

const CASES: readonly (readonly [string, Need, string | null, readonly Vote[], boolean])[] = [
  ['nobody', 'one', 'a', [], false],
  ['an approver of the team', 'one', 'a', [vote('x', 'approve', approverOfA)], true],
  ['an approver of everything', 'one', 'a', [vote('x', 'approve', security)], true],
  ['an approver of another team', 'one', 'a', [vote('x', 'approve', approverOfB)], false],
  ['the owner alone', 'one', 'a', [vote('x', 'approve', ownerOfA)], false],
  ['an admin, who is no approver', 'one', 'a', [vote('x', 'approve', admin)], false],
  ['the requester', 'one', 'a', [vote('requester', 'approve', security)], false],
  ['a refusal', 'one', 'a', [vote('x', 'refuse', security)], false],
  ['what no team owns, by an approver of a team', 'one', null, [vote('x', 'approve', approverOfA)], false],
  ['what no team owns, by an approver of everything', 'one', null, [vote('x', 'approve', security)], true],
  ['security alone', 'security-and-owner', 'a', [vote('x', 'approve', security)], false],
  ['the owner alone, high', 'security-and-owner', 'a', [vote('x', 'approve', ownerOfA)], false],
  [
    'security and the owner',
    'security-and-owner',
    'a',
    [vote('x', 'approve', security), vote('y', 'approve', ownerOfA)],
    true,
  ],
  [
    'security and an owner of everything',
    'security-and-owner',
    'a',
    [vote('x', 'approve', security), vote('y', 'approve', ownerOfAll)],
    true,
  ],
  [
    'security and an approver of the team',
    'security-and-owner',
    'a',
    [vote('x', 'approve', security), vote('y', 'approve', approverOfA)],
    true,
  ],
  [
    'security and another team',
    'security-and-owner',
    'a',
    [vote('x', 'approve', security), vote('y', 'approve', approverOfB)],
    false,
  ],
  [
    'security twice, nobody of the team',
    'security-and-owner',
    'a',
    [vote('x', 'approve', security), vote('y', 'approve', security)],
    false,
  ],
  ['one person with both roles', 'security-and-owner', 'a', [vote('x', 'approve', security, ownerOfA)], false],
  [
    'the requester as the owner',
    'security-and-owner',
    'a',
    [vote('x', 'approve', security), vote('requester', 'approve', ownerOfA)],
    false,
  ],
  [
    'what no team owns, by two of security',
    'security-and-owner',
    null,
    [vote('x', 'approve', security), vote('y', 'approve', security)],
    true,
  ],
]

for (const [name, need, team, votes, isDue] of CASES)
  test(`votes are${isDue ? '' : ' not'} enough: ${name} (${need})`, () => {
    assert.equal(isEnough({ need, votes, team, requester: 'requester' }), isDue)
  })

test('a say has who could approve or own it, and nobody else', () => {
  for (const role of [security, approverOfA, ownerOfA, ownerOfAll]) assert.ok(hasSay([role], 'a'))
  for (const role of [approverOfB, admin, { role: 'viewer', team: null } as const]) assert.ok(!hasSay([role], 'a'))
  assert.ok(!hasSay([approverOfA], null))
})

test('the digest is of the operation and its input, in whatever order, without the approval itself', () => {
  const digest = approvalDigest('a.b.c', { x: 1, y: [{ p: 1, q: 2 }] })
  assert.equal(approvalDigest('a.b.c', { y: [{ q: 2, p: 1 }], x: 1, approval: 'apr_1', z: undefined }), digest)
  assert.notEqual(approvalDigest('a.b.d', { x: 1, y: [{ p: 1, q: 2 }] }), digest)
  assert.notEqual(approvalDigest('a.b.c', { x: 1, y: [{ p: 1, q: 3 }] }), digest)
  assert.notEqual(approvalDigest('a.b.c', { x: '1', y: [{ p: 1, q: 2 }] }), digest)
  assert.notEqual(approvalDigest('a.b.c', { x: 1, y: [{ p: 1, q: 2, approval: 'inner' }] }), digest)
})
