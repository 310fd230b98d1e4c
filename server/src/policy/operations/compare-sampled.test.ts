import assert from 'node:assert/strict'
import { rounds } from '../../../../test/rounds.ts'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { judgeNow } from '../judge-now.ts'
import type { PolicyIdentity } from '../room.ts'

const resource = (name: string, environment: string) => ({
  name,
  uri: `https://${name}.example/`,
  environment,
  sensitivity: 'internal',
  actions: [
    { name: `${name}.read`, effect: 'read' },
    { name: `${name}.write`, effect: 'write' },
    { name: `${name}.purge`, effect: 'privileged' },
  ],
})
const RESOURCES = [resource('orders', 'production'), resource('stock', 'production'), resource('lab', 'staging')]
const OFFICE = { sourceNetworks: ['10.1.0.0/16'] }

// Parents hold what their children hold, or a grant to a child would be refused; what is permitted by policies is not so.
const WHOEVER: readonly (Partial<PolicyIdentity> & { id: string })[] = [
  { id: 'nhi_root', kind: 'agent', tags: { writer: 'yes' } },
  { id: 'nhi_child', parent: 'nhi_root', tags: { writer: 'yes', exporter: 'yes' } },
  { id: 'nhi_grandchild', parent: 'nhi_child', tags: { exporter: 'yes' } },
  { id: 'nhi_alone', tags: { exporter: 'yes' } },
  { id: 'nhi_orphan', owner: { id: 'team_gone', name: 'gone', isActive: false }, tags: { writer: 'yes' } },
  { id: 'nhi_lab', environment: 'staging', tags: { writer: 'yes' } },
  { id: 'nhi_lifted', environment: 'staging', tags: { writer: 'yes', exporter: 'yes' } },
  { id: 'nhi_of_lifted', environment: 'staging', parent: 'nhi_lifted', tags: { writer: 'yes' } },
]

const POLICIES = [
  'permit (principal is Reeve::Identity, action in Reeve::Action::"access:write", resource is Reeve::Resource) when { principal.hasTag("writer") };',
  'permit (principal, action == Reeve::Action::"orders.purge", resource) when { principal.kind == "agent" };',
  'permit (principal is Reeve::Identity, action, resource in Reeve::Resource::"stock") when { principal.hasTag("exporter") };',
  'permit (principal, action == Reeve::Action::"lab.read", resource) when { context has credentialKind && context.credentialKind == "api_key" };',
  'permit (principal in Reeve::Team::"payments", action in Reeve::Action::"access:read", resource);',
  'forbid (principal, action, resource is Reeve::Resource) when { context has sourceIp && context.sourceIp.isInRange(ip("10.2.0.0/16")) };',
  'forbid (principal is Reeve::Identity, action in Reeve::Action::"access:write", resource is Reeve::Resource) unless { principal.hasTag("exporter") };',
  'forbid (principal, action, resource) when { resource is Reeve::Resource && resource.environment == "staging" && principal is Reeve::Identity && principal.name like "*child" };',
  '@critical forbid (principal, action == Reeve::Action::"stock.write", resource) when { principal.hasTag("blocked") && principal.getTag("blocked") == "yes" };',
  'forbid (principal == Reeve::Identity::"nhi_root", action == Reeve::Action::"orders.write", resource);',
].map((text, at) => `@id("p-${at}")\n${text}`)

type Grant = { identity: string; resource: string; actions: readonly string[]; conditions?: object; expiresAt: string }

/** A directory by a number: some of the policies, and some grants, each family whole. */
const directory = (seed: number) => {
  const next = randomFrom(seed)
  const grants: Grant[] = []
  const family = ['root', 'child', 'grandchild'].slice(0, Math.floor(next() * 4))
  const action = next() < 0.5 ? 'orders.read' : 'orders.write'
  for (const identity of family) grants.push({ identity, resource: 'orders', actions: [action], expiresAt: '30d' })
  if (next() < 0.5)
    grants.push({
      identity: 'alone',
      resource: 'orders',
      actions: ['orders.read'],
      conditions: OFFICE,
      expiresAt: '30d',
    })
  if (next() < 0.5)
    grants.push({ identity: 'lab', resource: 'lab', actions: ['lab.read', 'lab.write'], expiresAt: '30d' })
  if (seed > 0 && next() < 0.6)
    grants.push({ identity: 'lifted', resource: 'orders', actions: ['orders.read'], expiresAt: '30d' })
  if (next() < 0.5) grants.push({ identity: 'orphan', resource: 'stock', actions: ['stock.read'], expiresAt: '30d' })
  const texts = POLICIES.filter(() => next() < 0.5)
  return {
    directory: 'shop',
    resources: RESOURCES,
    grants,
    policies: texts.length === 0 ? [] : [{ name: 'shop', file: 'policies/shop.cedar', text: texts.join('\n') }],
  }
}

// The same numbers in every run.
const randomFrom = (seed: number) => {
  let state = seed * 2_654_435_761 + 1
  return (): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0
    return state / 2 ** 32
  }
}

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  for (const one of WHOEVER) policy.identities.put(one)
  return policy
}

const apply = async (policy: PolicyBench, input: object, at: number) => {
  const parsed = policy.operation('policy.access.apply').input.parse(input)
  const approval = policy.approvals.give(`apr_${at}`, 'policy.access.apply', parsed)
  await policy.call('policy.access.apply', { ...input, approval }).catch((error: unknown) => {
    if (Reflect.get(Object(error), 'code') !== 'approval_not_needed') throw error
    return policy.call('policy.access.apply', input)
  })
}

const CONTEXTS = [
  {},
  { sourceIp: '10.1.2.3' },
  { sourceIp: '10.2.2.3', credentialKind: 'api_key' },
  { sourceIp: '192.0.2.1', credentialKind: 'api_key' },
]

/** What everybody may do on everything, in each of the contexts. */
const evaluated = async (policy: PolicyBench, now: Date): Promise<ReadonlyMap<string, readonly boolean[]>> => {
  const found = new Map<string, readonly boolean[]>()
  for (const { id } of WHOEVER) {
    await policy.memory.warm(id)
    const identity = policy.memory.warmed(id)?.identity
    assert.ok(identity !== undefined)
    for (const { id: on, name, actions } of policy.memory.base().stored.resources)
      for (const { name: action } of actions)
        found.set(
          `${id} ${action} ${name}`,
          CONTEXTS.map(
            (imagined) => judgeNow(policy.memory, { identity, resource: on, action }, { at: now, imagined }).isAllowed,
          ),
        )
  }
  return found
}

interface Change {
  how: string
  identity: { id: string }
  resource: { name: string }
  action: string
  before: keyof typeof HOLDS
  after: keyof typeof HOLDS
}

const HOLDS = {
  none: (answers: readonly boolean[]) => answers.every((one) => !one),
  always: (answers: readonly boolean[]) => answers.every((one) => one),
  conditional: () => true,
}

/** Holds one answer of the plan against what was evaluated; hands back what it said. */
const checked = (
  about: string,
  change: Change | undefined,
  was: readonly boolean[],
  is: readonly boolean[],
): 'gains' | 'loses' | 'on-other-terms' | 'same' => {
  const said = `${about} ${JSON.stringify(change)} ${was} ${is}`
  if (change === undefined) {
    assert.deepEqual(is, was, said)
    return 'same'
  }
  assert.ok(HOLDS[change.before](was) && HOLDS[change.after](is), said)
  const how = change.before === 'none' ? 'gains' : change.after === 'none' ? 'loses' : 'on-other-terms'
  assert.equal(change.how, how, said)
  return how
}

const ROUNDS = { sqlite: rounds({ quick: 8, full: 20 }), postgres: 6 }

onEveryEngine(
  'who gains and loses is what evaluating before and after says, for everybody, action and resource',
  async (room) => {
    const policy = await open(room)
    await apply(policy, directory(0), 0)
    const on = policy.memory.resource('orders')?.id ?? ''
    policy.exceptions.allow(
      'environment-isolation',
      `nhi_lifted/${on}`,
      new Date(room.clock.now().getTime() + 86_400_000),
    )
    const told = { gains: 0, loses: 0, 'on-other-terms': 0, same: 0 }
    for (let round = 1; round <= ROUNDS[room.engine]; round++) {
      const { plan } = await policy.call('policy.access.plan', directory(round))
      const answer = await policy.call('policy.access.compare', { plan })
      const changes = new Map<string, Change>(
        answer.changes.map((one: Change) => [`${one.identity.id} ${one.action} ${one.resource.name}`, one]),
      )
      const before = await evaluated(policy, room.clock.now())
      await apply(policy, { plan }, round)
      const after = await evaluated(policy, room.clock.now())
      for (const [key, was] of before)
        told[checked(`round ${round}: ${key}`, changes.get(key), was, after.get(key) ?? [])]++
    }
    for (const [how, count] of Object.entries(told)) assert.ok(count > ROUNDS[room.engine] / 3, `${how}: ${count}`)
  },
)
