import assert from 'node:assert/strict'
import { openPolicy } from '../../test/fakes/policy.ts'
import { onEveryEngine } from '../../test/room.ts'

const PEOPLE = [
  { id: 'per_ada', name: 'ada', roles: [{ role: 'admin', team: null }] },
  { id: 'per_eve', name: 'eve', roles: [{ role: 'admin', team: null }] },
  { id: 'per_sam', name: 'sam', roles: [{ role: 'approver', team: null }] },
  { id: 'per_tom', name: 'tom', roles: [{ role: 'approver', team: 'team_payments' }] },
] as const

const APPROVE = 'action == Reeve::Action::"lifecycle.approval.approve"'
const OTHERS = [
  ['lifecycle.approval.approve', 'lifecycle.approval.request', 'lifecycle.session.create', 'policy.set.change'],
  ['policy.grant.create', 'policy.bundle.change'],
].flat()

// a forbid, and what it comes to: refused with these words, to be approved by another, or free
const TABLE: readonly [string, string, RegExp | 'approved' | 'free'][] = [
  ['of approving', `forbid (principal, ${APPROVE}, resource);`, /nobody could approve any more/],
  [
    'of approving, by role',
    `forbid (principal is Reeve::Person, ${APPROVE}, resource) when { principal.roles.contains("approver") };`,
    /nobody could approve any more/,
  ],
  [
    'of approving, by a list that holds it',
    'forbid (principal, action in [Reeve::Action::"policy.grant.create", Reeve::Action::"lifecycle.approval.approve"], resource);',
    /nobody could approve any more/,
  ],
  [
    'of all that is an admin’s',
    'forbid (principal, action in Reeve::Action::"access:admin", resource);',
    /nobody could approve any more/,
  ],
  [
    'of everything, for people',
    'forbid (principal is Reeve::Person, action, resource);',
    /nobody could approve any more/,
  ],
  ['of everything', 'forbid (principal, action, resource);', /nobody could approve any more/],
  [
    'of changing policies',
    'forbid (principal, action == Reeve::Action::"policy.set.change", resource);',
    /nobody could change policies any more/,
  ],
  [
    'of asking for approvals, by admins',
    'forbid (principal is Reeve::Person, action == Reeve::Action::"lifecycle.approval.request", resource) when { principal.roles.contains("admin") };',
    /nobody could ask for an approval any more/,
  ],
  ['of logging in', 'forbid (principal is Reeve::Anonymous, action, resource);', /nobody could log in any more/],
  [
    'of changing policies, but for one admin',
    'forbid (principal, action == Reeve::Action::"policy.set.change", resource) unless { principal == Reeve::Person::"per_ada" };',
    'approved',
  ],
  ['of everything, for one of them', 'forbid (principal == Reeve::Person::"per_eve", action, resource);', 'approved'],
  [
    'of approving, from a moment on',
    `forbid (principal, ${APPROVE}, resource) when { context.now > datetime("2020-01-01") };`,
    'approved',
  ],
  [
    'of everything, outside of a network',
    'forbid (principal is Reeve::Person, action, resource) unless { context has sourceIp && context.sourceIp.isInRange(ip("192.0.2.0/24")) };',
    'approved',
  ],
  ['of approving for one team', `forbid (principal, ${APPROVE}, resource == Reeve::Team::"team_other");`, 'approved'],
  [
    'of everything at a team where nobody of them has a role',
    'forbid (principal, action, resource in Reeve::Team::"others");',
    'approved',
  ],
  ['of everything at one team', 'forbid (principal, action, resource in Reeve::Team::"payments");', 'approved'],
  [
    'of everything, for one of them by name',
    'forbid (principal is Reeve::Person, action, resource) when { principal.name == "tom" };',
    'approved',
  ],
  [
    'of everything, for nobody of them by name',
    'forbid (principal is Reeve::Person, action, resource) when { principal.name == "nobody" };',
    'free',
  ],
  [
    'of everything at one team, by its name',
    'forbid (principal is Reeve::Person, action, resource) when { resource has name && resource.name == "payments" };',
    'approved',
  ],
  [
    'of what is done where one has a role',
    'forbid (principal is Reeve::Person, action, resource is Reeve::Team) when { principal.teams.contains(resource) };',
    'approved',
  ],
  ['of something else', 'forbid (principal, action == Reeve::Action::"policy.grant.create", resource);', 'free'],
  ['of everything, for identities', 'forbid (principal is Reeve::Identity, action, resource);', 'free'],
  ['of everything at resources', 'forbid (principal, action, resource is Reeve::Resource);', 'free'],
  [
    'of everything that has an environment',
    'forbid (principal, action, resource) when { resource has environment && resource.environment == "lab" };',
    'free',
  ],
  [
    'of everything, for viewers',
    'forbid (principal is Reeve::Person, action, resource) when { principal.roles.contains("viewer") };',
    'free',
  ],
]

onEveryEngine(
  'no change of policies locks out all who approve or administer, and none does so to one by one admin alone',
  async (room, t) => {
    const policy = await openPolicy(room, { others: OTHERS.map((name) => ({ name, effect: 'write' })) })
    policy.identities.put({ id: 'nhi_payer' })
    policy.deciders.push(...PEOPLE)
    const asked = (text: string) => [{ name: 'locks', file: 'policies/locks.cedar', text: `@id("locks") ${text}` }]
    for (const [name, text, expected] of TABLE)
      await t.test(name, async () => {
        const put = { put: asked(text), remove: [] }
        const directory = { directory: 'locks', policies: asked(text) }
        if (expected instanceof RegExp) {
          const refused = { code: 'policy_locks_out', message: expected }
          const approval = policy.approvals.give('apr_1', 'policy.set.change', put)
          await assert.rejects(policy.call('policy.set.change', { ...put, approval }), refused)
          await assert.rejects(policy.call('policy.access.plan', directory), refused)
          await assert.rejects(policy.call('policy.access.apply', directory), refused)
          assert.equal((await policy.call('policy.set.list', {})).items.length, 0)
          return
        }
        const { needsApproval } = await policy.call('policy.access.plan', directory)
        const why = ['locks may keep somebody who approves or administers from it']
        assert.deepEqual(needsApproval, expected === 'free' ? [] : why)
        if (expected === 'approved')
          await assert.rejects(policy.call('policy.set.change', put), { code: 'approval_missing' })
        else {
          await policy.call('policy.set.change', put)
          const remove = { put: [], remove: ['locks'] }
          const approval = policy.approvals.give('apr_1', 'policy.set.change', remove)
          await policy.call('policy.set.change', { ...remove, approval })
        }
      })
    await t.test('several that leave nobody together are refused as one that does', async () => {
      const of = (id: string) => ({
        name: id,
        file: `policies/${id}.cedar`,
        text: `forbid (principal == Reeve::Person::"${id}", action == Reeve::Action::"policy.set.change", resource);`,
      })
      const first = { put: [of('per_ada')], remove: [] }
      await policy.call('policy.set.change', {
        ...first,
        approval: policy.approvals.give('apr_1', 'policy.set.change', first),
      })
      await assert.rejects(policy.call('policy.set.change', { put: [of('per_eve')] }), { code: 'policy_locks_out' })
    })
  },
)
