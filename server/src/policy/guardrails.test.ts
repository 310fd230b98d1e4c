import assert from 'node:assert/strict'
import { askForToken } from '../../test/fakes/ask-for-token.ts'
import { openPolicy, type PolicyBench } from '../../test/fakes/policy.ts'
import { onEveryEngine, type Room } from '../../test/room.ts'
import type { TokenVerdict } from './decide/decide-token.ts'

const STOPPED = { id: 'team_gone', name: 'gone', isActive: false } as const
const PERMIT_ALL = 'permit (principal, action, resource);'

/** A permit of everything, an identity on report-only, and an approver who approves: whatever could open a guardrail. */
const openEverything = async (policy: PolicyBench, resources: readonly string[]): Promise<void> => {
  const put = [{ name: 'open', file: 'open.cedar', text: PERMIT_ALL }]
  await approved(policy, 'policy.set.change', { put })
  for (const target of resources)
    await approved(policy, 'policy.mode.change', { kind: 'resource', target, reason: 'to see what happens' })
}

const approved = async (policy: PolicyBench, name: string, input: object): Promise<void> => {
  const approval = policy.approvals.give('apr_open', name, policy.operation(name).input.parse(input))
  await policy.call(name, { ...input, approval })
}

const register = (policy: PolicyBench, name: string, given: { environment?: string; sensitivity?: string } = {}) =>
  policy.call('policy.resource.create', {
    name,
    uri: `https://${name}.example/`,
    environment: 'production',
    sensitivity: 'internal',
    actions: [
      { name: `${name}.read`, effect: 'read' },
      { name: `${name}.write`, effect: 'write' },
    ],
    ...given,
  })

const grant = (policy: PolicyBench, identity: string, resource: string, verbs: readonly string[]) =>
  policy.call('policy.grant.create', {
    identity,
    resource,
    name: `${resource} ${verbs.join()}`,
    actions: verbs.map((verb) => `${resource}.${verb}`),
    expiresAt: '30d',
  })

const ask = (
  room: Room,
  policy: PolicyBench,
  on: { identity: string; environment?: string; resource: string; actions: readonly string[] },
): Promise<TokenVerdict> => {
  const { environment = 'production', resource, actions } = on
  const id = `nhi_${on.identity}`
  return askForToken(room, policy, { identity: id, subject: { id, environment }, resource, actions })
}

onEveryEngine(
  'an identity without a living owner gets nothing in production, by a grant, a permit of all or report-only',
  async (room) => {
    const policy = await openPolicy(room)
    for (const environment of ['production', 'production-eu', 'staging']) {
      policy.identities.put({ id: `nhi_owned-${environment}`, environment })
      policy.identities.put({ id: `nhi_orphan-${environment}`, environment, owner: STOPPED })
      await register(policy, `orders-${environment}`, { environment })
      for (const who of ['owned', 'orphan'])
        await grant(policy, `${who}-${environment}`, `orders-${environment}`, ['read'])
    }
    const resources = ['production', 'production-eu', 'staging'].map((environment) => `orders-${environment}`)
    await openEverything(policy, resources)
    for (const environment of ['production', 'production-eu'])
      for (const actions of [[], ['read'], ['write']]) {
        const resource = `orders-${environment}`
        const named = actions.map((verb) => `${resource}.${verb}`)
        const refused = await ask(room, policy, {
          identity: `orphan-${environment}`,
          environment,
          resource,
          actions: named,
        })
        assert.deepEqual([refused.isAllowed, refused.actions], [false, []], `${environment} ${actions}`)
        assert.deepEqual(refused.decision.policies, ['reeve:no-owner-no-production'])
        const given = await ask(room, policy, {
          identity: `owned-${environment}`,
          environment,
          resource,
          actions: named,
        })
        assert.ok(given.isAllowed, `${environment} ${actions}`)
      }
    const elsewhere = { identity: 'orphan-staging', environment: 'staging', resource: 'orders-staging' }
    assert.ok((await ask(room, policy, { ...elsewhere, actions: ['orders-staging.read'] })).isAllowed)
  },
)

onEveryEngine('a built-in forbid cannot be put in report-only', async (room) => {
  const policy = await openPolicy(room)
  const mode = { kind: 'policy', target: 'reeve:no-owner-no-production', reason: 'to see what happens' }
  await assert.rejects(policy.call('policy.mode.change', mode))
})
