import assert from 'node:assert/strict'
import fc from 'fast-check'
import { openPolicy, type PolicyBench } from '../../test/fakes/policy.ts'
import { onEveryEngine, type Room } from '../../test/room.ts'
import { Fault } from '../kit/fault.ts'
import { systemRandom } from '../kit/random.ts'
import { createTokenDecider } from './decide/decide-token.ts'
import { ISOLATION, isolationSubject } from './domain/isolation.ts'
import type { Resource } from './domain/resource.ts'
import { insertResource } from './store-resource.ts'

const ENVIRONMENTS = ['production', 'staging', 'dev'] as const
const ACTIONS: Resource['actions'] = [
  { name: 'x.read', effect: 'read' },
  { name: 'x.write', effect: 'write' },
]

const resourceIn = (environment: string): Resource => ({
  id: `res_${environment}`,
  name: `api-${environment}`,
  uri: `https://${environment}.example/`,
  environment,
  sensitivity: 'internal',
  isCustomerFacing: false,
  actions: ACTIONS,
  algorithm: 'ES256',
  statusList: false,
  isAuthorizationServer: false,
  detailTypes: [],
  tagClaims: [],
  awsSessionTags: [],
  servedBy: [],
  owner: null,
})

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room)
  await room.database.write(async (tx) => {
    for (const environment of ENVIRONMENTS) {
      policy.identities.put({ id: `nhi_${environment}`, environment })
      await insertResource(tx, resourceIn(environment), room.clock.now())
    }
    await room.changes.signal(tx, [{ topic: 'resource', key: '*' }])
  })
  await room.changes.catchUp()
  return policy
}

const environment = fc.constantFrom(...ENVIRONMENTS)
const actions = fc.constantFrom(['*'], ['x.read'], ['x.read', 'x.write'])
const text = fc.constantFrom(
  'permit (principal, action, resource);',
  'permit (principal is Reeve::Identity, action, resource is Reeve::Resource);',
  'permit (principal, action in Reeve::Action::"access:write", resource) when { principal.environment != resource.environment };',
  'permit (principal, action == Reeve::Action::"x.read", resource in Reeve::Resource::"api-production");',
  'permit (principal == Reeve::Identity::"nhi_dev", action, resource);',
)

/** What anybody may try to change. Some of it is refused, and that is fine: what counts is what is decided after it. */
const edit = fc.oneof(
  fc.record({ kind: fc.constant('grant'), environment, to: environment, actions, wild: fc.boolean() }),
  fc.record({ kind: fc.constant('bundle'), environment, to: environment, actions, wild: fc.boolean() }),
  fc.record({ kind: fc.constant('text'), environment, to: environment, actions, wild: fc.boolean(), text }),
  fc.record({ kind: fc.constant('mode'), environment, to: environment, actions, wild: fc.boolean() }),
  fc.record({ kind: fc.constant('move'), environment, to: environment, actions, wild: fc.boolean() }),
)
type Edit = { kind: string; environment: string; to: string; actions: readonly string[]; wild: boolean; text?: string }

/** An approver who approves everything: isolation must not hang on people saying no. */
const approving = async (policy: PolicyBench, name: string, input: object): Promise<void> => {
  const parsed = policy.operation(name).input.parse(input)
  const approval = policy.approvals.give('apr_any', name, parsed)
  const isTaking = policy.operation(name).input.safeParse({ ...input, approval }).success
  try {
    await policy.call(name, isTaking ? { ...input, approval } : input)
  } catch (error) {
    if (!(error instanceof Fault) || error.kind === 'internal') throw error
  }
}

const EDITS: Readonly<Record<string, (policy: PolicyBench, edit: Edit, at: number) => Promise<void>>> = {
  grant: (policy, { environment: from, to, actions: given }, at) =>
    approving(policy, 'policy.grant.create', {
      identity: `nhi_${from}`,
      resource: `api-${to}`,
      actions: given,
      name: `g${at}`,
      expiresAt: '30d',
    }),
  bundle: async (policy, { environment: from, to, actions: given }, at) => {
    const matrix = [{ resource: `api-${from}`, actions: ['x.read'] }]
    await approving(policy, 'policy.bundle.create', { name: `b${at}`, purpose: 'x', matrix })
    await approving(policy, 'policy.grant.create', { identity: `nhi_${from}`, bundle: `b${at}`, expiresAt: '30d' })
    const wider = [...matrix, { resource: `api-${to}`, actions: given }]
    await approving(policy, 'policy.bundle.change', { bundle: `b${at}`, matrix: wider })
  },
  text: (policy, edited, at) =>
    approving(policy, 'policy.set.change', {
      put: [{ name: `t${at}`, file: `t${at}.cedar`, text: edited.text ?? '' }],
    }),
  mode: async (policy, { environment: from, to }) => {
    await approving(policy, 'policy.mode.change', { kind: 'identity', target: `nhi_${from}`, reason: 'x' })
    await approving(policy, 'policy.mode.change', { kind: 'resource', target: `api-${to}`, reason: 'x' })
  },
  move: (policy, { environment: from, to }) =>
    approving(policy, 'policy.resource.change', { resource: `api-${from}`, environment: to }),
}

onEveryEngine(
  'no edit of grants, bundles, policies, modes or resources makes an allow across environments',
  async (room) => {
    const policy = await open(room)
    let edited = 0
    await fc.assert(
      // Each run adds to what the runs before left: the more there is, the more could be let through.
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 5 }), async (edits) => {
        for (const each of edits) await EDITS[each.kind]?.(policy, each, edited++)
        assert.deepEqual(await crossings(room, policy), [])
      }),
      { numRuns: room.engine === 'sqlite' ? 25 : 8 },
    )
  },
)

onEveryEngine('a named exception opens exactly one way, for exactly its time', async (room) => {
  const policy = await open(room)
  const production = policy.memory.resource('api-production')?.id ?? ''
  const until = new Date(room.clock.now().getTime() + 60_000)
  policy.exceptions.allow(ISOLATION, isolationSubject('nhi_dev', production), until)
  await policy.call('policy.set.change', {
    put: [
      { name: 'open', file: 'open.cedar', text: 'permit (principal, action == Reeve::Action::"x.read", resource);' },
    ],
  })
  assert.deepEqual(
    await crossings(room, policy),
    [],
    'an exception alone gives nothing: a grant has to name the resource',
  )
  const grant = { identity: 'nhi_dev', resource: 'api-production', actions: ['x.read'], expiresAt: '30d' }
  await policy.call('policy.grant.create', grant)
  assert.deepEqual(await crossings(room, policy), ['nhi_dev api-production x.read'])
  room.clock.advance(60_000)
  assert.deepEqual(await crossings(room, policy), [])
})

/** Everything that is allowed across environments now. */
const crossings = async (room: Room, policy: PolicyBench): Promise<readonly string[]> => {
  const decide = createTokenDecider(policy.memory, systemRandom())
  const found: string[] = []
  for (const from of ENVIRONMENTS) {
    await policy.memory.warm(`nhi_${from}`)
    for (const resource of policy.memory.base().stored.resources)
      for (const asked of [[], ...ACTIONS.map(({ name }) => [name])]) {
        const verdict = decide({
          subject: { id: `nhi_${from}`, environment: from },
          resource: { id: resource.id },
          actions: asked,
          credential: { kind: 'private_key_jwt' },
          instance: null,
          sourceIp: '10.0.0.1',
          now: room.clock.now(),
        })
        if (verdict.isAllowed && asked.length > 0 && resource.environment !== from)
          found.push(`nhi_${from} ${resource.name} ${asked.join()}`)
        if (resource.environment !== from && verdict.actions.length > 0 && !verdict.isAllowed)
          found.push(`nhi_${from} ${resource.name} part`)
      }
  }
  return found
}
