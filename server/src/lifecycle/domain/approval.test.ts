import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Need, Needed } from '../../settings.ts'
import { approvalDigest, hasSay, isEnough, outgrownBy, type Vote } from './approval.ts'
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
    assert.equal(isEnough({ needed: { need, teams: [team] }, votes, requester: 'requester' }), isDue)
  })

test('a say has who could approve or own it, and nobody else', () => {
  const ofA = { need: 'one', teams: ['a'] } as const
  for (const role of [security, approverOfA, ownerOfA, ownerOfAll]) assert.ok(hasSay([role], ofA))
  for (const role of [approverOfB, admin, { role: 'viewer', team: null } as const]) assert.ok(!hasSay([role], ofA))
  assert.ok(!hasSay([approverOfA], { need: 'one', teams: [null] }))
})

test('in the roles of a team have a say its approvers and admins and those of everything, and in those of everything these alone', () => {
  const adminOfA = { role: 'admin', team: 'a' } as const
  const teams = (...of: readonly (string | null)[]) => ({ need: 'approver-or-admin', teams: of }) as const
  for (const role of [security, admin, approverOfA, adminOfA]) {
    assert.ok(hasSay([role], teams('a')))
    assert.ok(isEnough({ needed: teams('a'), votes: [vote('x', 'approve', role)], requester: 'r' }))
    assert.ok(!isEnough({ needed: teams('a'), votes: [vote('r', 'approve', role)], requester: 'r' }))
    assert.equal(hasSay([role], teams(null)), role.team === null)
    assert.equal(
      isEnough({ needed: teams('a', 'b'), votes: [vote('x', 'approve', role)], requester: 'r' }),
      role.team === null,
    )
  }
  for (const role of [ownerOfA, ownerOfAll, approverOfB]) assert.ok(!hasSay([role], teams('a')))
})

test('the digest is of the operation and its input, in whatever order, without the approval itself', () => {
  const digest = approvalDigest('a.b.c', { x: 1, y: [{ p: 1, q: 2 }] })
  assert.equal(approvalDigest('a.b.c', { y: [{ q: 2, p: 1 }], x: 1, approval: 'apr_1', z: undefined }), digest)
  assert.notEqual(approvalDigest('a.b.d', { x: 1, y: [{ p: 1, q: 2 }] }), digest)
  assert.notEqual(approvalDigest('a.b.c', { x: 1, y: [{ p: 1, q: 3 }] }), digest)
  assert.notEqual(approvalDigest('a.b.c', { x: '1', y: [{ p: 1, q: 2 }] }), digest)
  assert.notEqual(approvalDigest('a.b.c', { x: 1, y: [{ p: 1, q: 2, approval: 'inner' }] }), digest)
})

test('where the word of several teams is needed, each of them gives it, and security stands for all where one is enough', () => {
  const ownerOfB: Role = { role: 'owner', team: 'b' }
  const both = { need: 'security-and-owner', teams: ['a', 'b'] } as const
  const requester = 'requester'
  const sec = vote('x', 'approve', security)
  assert.ok(!isEnough({ needed: both, requester, votes: [sec, vote('y', 'approve', ownerOfA)] }))
  assert.ok(
    isEnough({ needed: both, requester, votes: [sec, vote('y', 'approve', ownerOfA), vote('z', 'approve', ownerOfB)] }),
  )
  assert.ok(isEnough({ needed: both, requester, votes: [sec, vote('y', 'approve', ownerOfA, ownerOfB)] }))
  assert.ok(!isEnough({ needed: both, requester, votes: [vote('x', 'approve', security, ownerOfA, ownerOfB)] }))
  const unowned = { need: 'security-and-owner', teams: ['a', null] } as const
  assert.ok(!isEnough({ needed: unowned, requester, votes: [sec, vote('y', 'approve', ownerOfA)] }))
  assert.ok(
    isEnough({
      needed: unowned,
      requester,
      votes: [sec, vote('y', 'approve', ownerOfA), vote('z', 'approve', security)],
    }),
  )
  const one = { need: 'one', teams: ['a', 'b'] } as const
  assert.ok(isEnough({ needed: one, requester, votes: [sec] }))
  assert.ok(!isEnough({ needed: one, requester, votes: [vote('x', 'approve', approverOfA)] }))
  assert.ok(
    isEnough({ needed: one, requester, votes: [vote('x', 'approve', approverOfA), vote('y', 'approve', approverOfB)] }),
  )
})

const needed = (need: Need, teams: readonly (string | null)[], ...why: readonly string[]): Needed => ({
  need,
  teams,
  why,
})

const OUTGROWN: readonly (readonly [string, Needed, Needed, boolean])[] = [
  ['the same', needed('one', ['a'], 'x'), needed('one', ['a'], 'x'), false],
  ['less', needed('security-and-owner', ['a', 'b'], 'x', 'y'), needed('one', ['b'], 'y'), false],
  ['two people instead of one', needed('one', ['a'], 'x'), needed('security-and-owner', ['a'], 'x'), true],
  ['another team', needed('one', ['a'], 'x'), needed('one', ['b'], 'x'), true],
  ['one more team', needed('security-and-owner', ['a'], 'x'), needed('security-and-owner', ['a', 'b'], 'x'), true],
  ['nobody but security', needed('one', ['a'], 'x'), needed('one', [null], 'x'), true],
  ['a team where security had approved', needed('one', [null], 'x'), needed('one', ['a'], 'x'), false],
  ['a reason that nobody was told', needed('security-and-owner', ['a'], 'x'), needed('one', ['a'], 'x', 'y'), true],
]

for (const [name, asked, now, isOutgrown] of OUTGROWN)
  test(`an approval is${isOutgrown ? '' : ' not'} outgrown by ${name}`, () => {
    assert.equal(outgrownBy(asked, now) !== undefined, isOutgrown)
  })
