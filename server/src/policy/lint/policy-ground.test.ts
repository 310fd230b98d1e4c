import assert from 'node:assert/strict'
import type { CedarRecord } from '@reeve/cedar'
import { askForToken } from '../../../test/fakes/ask-for-token.ts'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { resourceInput } from '../../../test/fakes/resources.ts'
import { identityCaller } from '../../../test/inventory.ts'
import { adminCaller, onEveryEngine, type Room } from '../../../test/room.ts'
import type { Caller } from '../../kit/operation.ts'
import { createCallDecider } from '../decide/decide-call.ts'
import { readKept } from '../decide/recorded-request.ts'
import { STATED_OF_ACCESS, statedOfCall, statedOfQuestion } from '../decide/stated-facts.ts'
import { resolveQuestion } from '../evaluate/resolve-question.ts'
import type { LintView } from './access-lint.ts'

const RESOURCE = resourceInput('orders')
const RECORDS = {
  name: 'records',
  environment: 'production',
  subjects: [{ type: 'user', entities: [{ id: 'bob' }] }],
  resources: [
    {
      type: 'record',
      actions: [
        { name: 'read', effect: 'read' },
        { name: 'delete', effect: 'read', facts: { soft: 'boolean', count: 'long' } },
      ],
      entities: [{ id: 'one' }],
    },
  ],
}

const open = async (room: Room, given: { knowsRegions?: boolean } = {}): Promise<PolicyBench> => {
  const policy = await openPolicy(room, {
    appliers: fakeAppliers,
    ...given,
    others: [{ name: 'policy.decision.evaluate', effect: 'read' }],
  })
  policy.identities.put({
    id: 'nhi_sync',
    name: 'sync',
    workflow: { name: 'nightly', repository: 'git.example/orders' },
    pipeline: 'git.example/orders/release.yml#deploy',
  })
  await policy.call('policy.resource.create', RESOURCE)
  return policy
}

const WITH_MEMBERS = ['actor', 'request', 'requested']
const pathsOf = (context: CedarRecord): string[] =>
  Object.entries(context).flatMap(([name, value]) =>
    WITH_MEMBERS.includes(name) ? [name, ...Object.keys(Object(value)).map((of) => `${name}.${of}`)] : [name],
  )

/** A decision is kept without the moment, which is stated in every one. */
const stated = (paths: readonly string[]): string[] => paths.filter((one) => one !== 'now' && one !== 'weekday').sort()
const keptPaths = (body: string | undefined) => pathsOf(readKept(body ?? '')?.context ?? {}).sort()

onEveryEngine('what the lints take to be stated is what is stated, where everything is known', async (room) => {
  const policy = await open(room)
  const { memory } = policy
  const grant = { identity: 'sync', resource: 'orders', actions: ['orders.read'], expiresAt: '1d' }
  await policy.call('policy.grant.create', {
    ...grant,
    approval: policy.approvals.give(
      'apr_1',
      'policy.grant.create',
      policy.operation('policy.grant.create').input.parse(grant),
    ),
  })
  await room.database.write((tx) => tx.updateTable('policy_grant').set({ approval: 'apr_1' }).execute())
  await room.database.write((tx) => room.changes.signal(tx, [{ topic: 'grant', key: 'nhi_sync' }]))
  await room.changes.catchUp()
  const token = await askForToken(room, policy, {
    credential: { kind: 'public-key', createdAtMs: 1 },
    instance: 'one',
    sourceRegion: 'DE',
    actor: { id: 'nhi_worker', name: 'worker' },
  })
  assert.deepEqual(keptPaths(token.kept[0]?.body), stated(STATED_OF_ACCESS))

  const decider = createCallDecider(memory, room.random)
  const from = { ip: '192.0.2.7', region: 'DE', userAgent: null }
  const of = (principalType: Caller['actor']['principalType']): Caller => ({
    ...adminCaller,
    source: principalType === 'automation' ? { ip: null, region: null, userAgent: null } : from,
    actor: { principalType, id: 'x', name: 'x' },
  })
  const sync = { ...identityCaller('nhi_sync', 'sync'), source: from, instance: 'one' }
  const subject = { type: 'Deployment', id: 'reeve', name: 'reeve', environment: null, team: null } as const
  for (const [type, caller] of [
    ['Identity', sync],
    ['Person', of('human')],
    ['Automation', of('automation')],
    ['Anonymous', of('anonymous')],
  ] as const)
    for (const [action, party] of [
      ['policy.resource.create', {}],
      ['policy.decision.evaluate', { isParty: true }],
    ] as const) {
      // This server's own jobs ask no questions.
      if (type === 'Automation' && 'isParty' in party) continue
      const { kept } = decider.decide({ caller, action, subject, now: room.clock.now(), ...party })
      // Of this server's own jobs no region is known, ever.
      const paths = keptPaths(kept[0]?.body).filter((one) => type !== 'Automation' || one !== 'sourceRegion')
      assert.deepEqual(paths, stated(statedOfCall(action, type)), `${type} ${action}`)
    }

  await policy.call('policy.access.apply', { directory: 'records', applications: [RECORDS] })
  const resources = memory.base().stored.applications[0]?.resources ?? []
  for (const [action, properties] of [
    ['delete', { soft: true, count: 3, other: 4 }],
    ['read', { soft: true }],
  ] as const) {
    const resolved = await resolveQuestion(memory, {
      subject: { type: 'user', id: 'bob', properties: {} },
      action: { name: action, properties },
      resource: { type: 'record', id: 'one', properties: {} },
      context: { sourceIp: '192.0.2.7' },
    })
    assert.ok(resolved.of === 'application')
    assert.deepEqual(pathsOf(resolved.context).sort(), stated(statedOfQuestion(resources, action)), action)
  }
})

const lintsOf = async (policy: PolicyBench, text: string): Promise<readonly string[]> => {
  const { problems, lints } = await policy.call('policy.access.validate', {
    directory: 'shop',
    applications: [RECORDS],
    policies: [{ name: 'p', file: 'policies/p.cedar', text }],
  })
  assert.deepEqual(problems, [], text)
  return lints
    .filter(({ lint }: LintView) => lint === 'never-stated' || lint === 'never-matching')
    .map(({ lint, message }: LintView) => `${lint}: ${message}`)
}

const NOWHERE = 'is stated nowhere that it may match'

onEveryEngine(
  'a fact that is not stated where the action is decided is told of, and one that is is not',
  async (room) => {
    const policy = await open(room)
    const read = 'permit (principal, action == Reeve::Action::"orders.read", resource)'
    for (const [text, fact] of [
      [`${read} when { context has isParty && context.isParty };`, 'isParty'],
      [`${read} unless { context has sessionAgeSeconds && context.sessionAgeSeconds > 300 };`, 'sessionAgeSeconds'],
      [`${read} when { context has requested && context.requested has environment };`, 'requested.environment'],
      [
        'forbid (principal, action == Reeve::Action::"policy.resource.create", resource) when { context has credentialKind && context.credentialKind == "client-secret" };',
        'credentialKind',
      ],
      [
        'forbid (principal is Reeve::Person, action in Reeve::Action::"access:write", resource) unless { context has pipelineStage && context.pipelineStage == "deploy" };',
        'pipelineStage',
      ],
      [
        'permit (principal is records::user, action == records::Action::"read", resource is records::record) when { context has request && context.request has soft && context.request.soft };',
        'request',
      ],
    ] as const)
      assert.deepEqual(await lintsOf(policy, text), [`never-stated: context.${fact} ${NOWHERE}`], text)
    assert.deepEqual(
      await lintsOf(policy, `${read} unless { context has attestation && context.attestation == "tpm" };`),
      ['never-stated: context.attestation is never anything but "none" where it may match'],
    )
    for (const text of [
      `${read} when { context has credentialKind && context.credentialKind == "public-key" };`,
      `${read} when { context has requested && context.requested has scopes && context.requested.scopes.contains("orders.read") };`,
      `${read} when { context has sourceRegion && context.sourceRegion == "DE" };`,
      'forbid (principal, action, resource) when { context has credentialKind && context.credentialKind == "client-secret" };',
      'forbid (principal is Reeve::Identity, action in Reeve::Action::"access:write", resource) unless { context has pipelineStage && context.pipelineStage == "deploy" };',
      'permit (principal is records::user, action == records::Action::"delete", resource is records::record) when { context has request && context.request has soft && context.request.soft };',
    ])
      assert.deepEqual(await lintsOf(policy, text), [], text)
  },
)

onEveryEngine('a region is never stated by a server that has no database of them', async (room) => {
  const policy = await open(room, { knowsRegions: false })
  const forbid = 'forbid (principal is Reeve::Identity, action, resource is Reeve::Resource)'
  assert.deepEqual(
    await lintsOf(policy, `${forbid} unless { context has sourceRegion && context.sourceRegion == "DE" };`),
    ['never-stated: context.sourceRegion is never anything but "unknown" where it may match'],
  )
})
