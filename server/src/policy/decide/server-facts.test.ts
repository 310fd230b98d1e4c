import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPolicy } from '../../../test/fakes/policy.ts'
import { adminCaller, onEveryEngine } from '../../../test/room.ts'
import type { Caller } from '../../kit/operation.ts'
import { systemRandom } from '../../kit/random.ts'
import { contextOf } from './context.ts'
import { createCallDecider } from './decide-call.ts'
import { createTokenDecider } from './decide-token.ts'
import { readKept } from './recorded-request.ts'

/** Spellings in which a caller may try to state what only the server knows. */
const SPELLINGS = [
  'sourceIp',
  'sourceip',
  'source_ip',
  'SourceIp',
  'ip',
  'context.sourceIp',
  'context[sourceIp]',
  'now',
  'Now',
  'time',
  'weekday',
  'credentialKind',
  'sourceRegion',
  'region',
  'pipelineStage',
  'pipeline',
  'attestation',
  'devicePosture',
  'credential_kind',
  'credential',
  'environment',
  'tenant',
  'team',
  'owner',
  'tier',
  'roles',
  'isReauthenticated',
  'mfa',
  'approval',
  'risk',
  'principal',
  'resource',
  'entities',
  '__proto__',
  'constructor',
  'prototype',
  'sourceIp\u0000',
  'sourceIp ',
  'ѕourceIp',
  'request',
  'requested',
] as const

test('whatever a caller adds to a question, the context holds what the server knows and nothing else (P6)', () => {
  assert.ok(SPELLINGS.length >= 30)
  const facts = {
    sourceIp: '10.0.0.1',
    sourceRegion: 'DE',
    credentialKind: 'private_key_jwt',
    instance: 'pod-1',
    workflow: null,
    environment: 'production',
    pipeline: 'acme/orders/release#deploy',
    risk: 0,
    approval: null,
  }
  const plain = JSON.stringify(contextOf(facts))
  for (const name of SPELLINGS) {
    const stated = JSON.parse(`{${JSON.stringify(name)}: "10.66.66.66"}`)
    assert.equal(JSON.stringify(contextOf({ ...stated, ...facts })), plain, name)
  }
})

onEveryEngine('a token question with extra members is judged on the server facts alone (P6)', async (room) => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_sync' })
  await policy.call('policy.resource.create', {
    name: 'orders',
    uri: 'https://orders.example/',
    environment: 'production',
    sensitivity: 'internal',
    actions: [{ name: 'orders.read', effect: 'read' }],
  })
  await policy.call('policy.grant.create', {
    identity: 'sync',
    resource: 'orders',
    actions: ['orders.read'],
    conditions: { sourceNetworks: ['10.66.0.0/16'] },
    expiresAt: '1d',
  })
  await policy.memory.warm('nhi_sync')
  const decide = createTokenDecider(policy.memory, systemRandom())
  const question = {
    subject: { id: 'nhi_sync', environment: 'production' },
    resource: { id: policy.memory.resource('orders')?.id ?? '' },
    actions: ['orders.read'],
    credential: { kind: 'private_key_jwt' },
    instance: 'context.sourceIp=10.66.66.66',
    sourceIp: '10.0.0.1',
    now: room.clock.now(),
  }
  for (const name of SPELLINGS) {
    const stated = JSON.parse(`{${JSON.stringify(name)}: "10.66.66.66"}`)
    const verdict = decide({ ...stated, ...question })
    assert.equal(verdict.isAllowed, false, name)
    assert.deepEqual(readKept(verdict.kept[0]?.body ?? '')?.context.sourceIp, { __extn: { fn: 'ip', arg: '10.0.0.1' } })
  }
  assert.equal(decide({ ...question, sourceIp: '10.66.66.66' }).isAllowed, true)
})

onEveryEngine(
  'what a caller says of himself gives no role: agent, instance, workflow and claimed names (P6)',
  async (room) => {
    const policy = await openPolicy(room)
    const { decide } = createCallDecider(policy.memory, systemRandom())
    const claims = ['admin', '["admin"]', 'Reeve::Person::"x"', '") || true || ("', '{"roles":["admin"]}']
    for (const claim of claims) {
      const caller: Caller = {
        ...adminCaller,
        actor: { principalType: 'human', id: claim, name: claim },
        roles: [{ role: 'viewer', team: claim }],
        instance: claim,
        workflow: { name: claim, repository: claim, run: claim },
        source: { ip: claim, region: claim, userAgent: claim },
      }
      const subject = { type: 'Deployment', id: 'reeve', name: claim, environment: claim, team: null } as const
      const answer = decide({ caller, action: 'policy.access.apply', subject, now: room.clock.now() })
      assert.equal(answer.isAllowed, false, claim)
    }
  },
)
