import assert from 'node:assert/strict'
import fc from 'fast-check'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { systemRandom } from '../../kit/random.ts'
import type { Grant } from '../domain/grant.ts'
import { ISOLATION, isolationSubject } from '../domain/isolation.ts'
import type { Resource } from '../domain/resource.ts'
import { insertGrant } from '../store-grant.ts'
import { putMode } from '../store-mode.ts'
import { insertResource } from '../store-resource.ts'
import { putText } from '../store-set.ts'
import { createTokenDecider, type TokenQuestion } from './decide-token.ts'
import { readKept } from './recorded-request.ts'

const HOUR_MS = 3_600_000

const ORDERS: Resource = {
  id: 'res_orders',
  name: 'orders-api',
  uri: 'https://orders.example',
  environment: 'production',
  sensitivity: 'internal',
  isCustomerFacing: false,
  actions: [
    { name: 'orders.read', effect: 'read' },
    { name: 'orders.write', effect: 'write' },
  ],
  algorithm: 'ES256',
  statusList: false,
  isAuthorizationServer: false,
  detailTypes: [],
  tagClaims: [],
  awsSessionTags: [],
  servedBy: ['nhi_api'],
  owner: null,
}
const STAGING: Resource = {
  ...ORDERS,
  id: 'res_st',
  name: 'orders-st',
  uri: 'https://st.example',
  environment: 'staging',
}

interface Bench extends PolicyBench {
  ask(question?: Partial<TokenQuestion> & { resourceId?: string }): ReturnType<ReturnType<typeof createTokenDecider>>
  grant(terms?: Partial<Grant>): Promise<void>
  text(text: string): Promise<void>
  signal(topic: string, key: string): Promise<void>
}

const open = async (room: Room, resources: readonly Resource[] = [ORDERS, STAGING]): Promise<Bench> => {
  const policy = await openPolicy(room)
  const now = room.clock.now()
  const signal = async (topic: string, key: string) => {
    await room.database.write((tx) => room.changes.signal(tx, [{ topic, key }]))
    await room.changes.catchUp()
  }
  await room.database.write(async (tx) => {
    for (const resource of resources) await insertResource(tx, resource, now)
  })
  await signal('resource', '*')
  policy.identities.put({ id: 'nhi_sync' })
  await policy.memory.warm('nhi_sync')
  const decide = createTokenDecider(policy.memory, systemRandom())
  let grants = 0
  return {
    ...policy,
    signal,
    ask: ({ resourceId, ...question } = {}) =>
      decide({
        subject: { id: 'nhi_sync', environment: 'production' },
        resource: { id: resourceId ?? 'res_orders' },
        actions: ['orders.read'],
        credential: { kind: 'private_key_jwt' },
        instance: null,
        sourceIp: '10.0.0.7',
        now: room.clock.now(),
        ...question,
      }),
    grant: async (terms = {}) => {
      const grant: Grant = {
        id: `grt_${++grants}`,
        identity: 'nhi_sync',
        name: `grant ${grants}`,
        gives: { resource: 'res_orders', actions: ['orders.read'] },
        conditions: {},
        expiresAt: new Date(room.clock.now().getTime() + HOUR_MS),
        expiresText: '1d',
        createdAt: now,
        createdBy: null,
        approval: null,
        directory: null,
        end: null,
        ...terms,
      }
      await room.database.write((tx) => insertGrant(tx, grant, 'team_payments'))
      await signal('grant', grant.identity)
    },
    text: async (text) => {
      await room.database.write((tx) => putText(tx, { name: 'own', file: 'own.cedar', text, directory: null }, now))
      await signal('policy', '*')
    },
  }
}

onEveryEngine('without a grant the answer is no; with one it is yes, for its actions alone', async (room) => {
  const policy = await open(room)
  assert.equal(policy.ask().isAllowed, false)
  await policy.grant()
  const answer = policy.ask()
  assert.equal(answer.isAllowed, true)
  assert.deepEqual(answer.actions, ['orders.read'])
  assert.deepEqual(answer.decision.policies, ['grt_1'])
  assert.equal(answer.decision.outcome, 'allow')
  assert.equal(answer.decision.request, answer.kept[0]?.digest)
  const both = policy.ask({ actions: ['orders.read', 'orders.write'] })
  assert.equal(both.isAllowed, false, 'one action that is not granted refuses the request')
  assert.deepEqual(both.actions, ['orders.read'])
})

onEveryEngine('naming no action asks for all that is granted', async (room) => {
  const policy = await open(room)
  assert.equal(policy.ask({ actions: [] }).isAllowed, false)
  await policy.grant()
  const answer = policy.ask({ actions: [] })
  assert.deepEqual([answer.isAllowed, answer.actions, answer.decision.outcome], [true, ['orders.read'], 'allow'])
})

onEveryEngine('a wildcard reaches every action, also one that is registered later', async (room) => {
  const policy = await open(room)
  await policy.grant({ gives: { resource: 'res_orders', actions: ['*'] } })
  assert.deepEqual(policy.ask({ actions: [] }).actions, ['orders.read', 'orders.write'])
})

onEveryEngine(
  'a grant ends at its expiry and not a millisecond later, also when the answer was remembered',
  async (room) => {
    const policy = await open(room)
    await policy.grant()
    const start = room.clock.now().getTime()
    assert.equal(policy.ask().isAllowed, true)
    assert.equal(policy.ask({ now: new Date(start + HOUR_MS - 1) }).isAllowed, true)
    assert.equal(policy.ask({ now: new Date(start + HOUR_MS) }).isAllowed, false)
    assert.equal(policy.ask({ now: new Date(start + 2 * HOUR_MS) }).isAllowed, false)
  },
)

onEveryEngine('the conditions of a grant hold: network, credential, instance, hours', async (room) => {
  const policy = await open(room)
  await policy.grant({
    conditions: {
      sourceNetworks: ['10.0.0.0/24'],
      credentialKinds: ['private_key_jwt'],
      instances: ['pod-1'],
      timeWindow: { from: '11:00', to: '13:00', days: ['sunday'] },
    },
  })
  const good = { instance: 'pod-1', sourceIp: '10.0.0.7' }
  assert.equal(policy.ask(good).isAllowed, true)
  assert.equal(policy.ask({ ...good, sourceIp: '::ffff:10.0.0.7' }).isAllowed, true)
  assert.equal(policy.ask({ ...good, sourceIp: '10.0.1.7' }).isAllowed, false)
  assert.equal(policy.ask({ ...good, sourceIp: null }).isAllowed, false)
  assert.equal(policy.ask({ ...good, instance: 'pod-2' }).isAllowed, false)
  assert.equal(policy.ask({ ...good, credential: { kind: 'client_secret' } }).isAllowed, false)
  assert.equal(policy.ask({ ...good, now: new Date('2026-11-22T13:00:00Z') }).isAllowed, false)
  assert.equal(policy.ask({ ...good, now: new Date('2026-11-23T12:00:00Z') }).isAllowed, false)
  assert.deepEqual(policy.ask({ ...good, sourceIp: null }).decision.missing, ['context.sourceIp'])
})

onEveryEngine(
  'environments are kept apart before any policy, and only a live named exception lifts it',
  async (room) => {
    const policy = await open(room)
    await policy.text('permit (principal, action, resource);')
    await policy.grant({ gives: { resource: 'res_st', actions: ['*'] } })
    const across = { resourceId: 'res_st' }
    const refused = policy.ask(across)
    assert.deepEqual([refused.isAllowed, refused.decision.policies], [false, ['reeve:environment-isolation']])
    const until = new Date(room.clock.now().getTime() + 1000)
    policy.exceptions.allow(ISOLATION, isolationSubject('nhi_sync', 'res_st'), until)
    await policy.signal('exception', isolationSubject('nhi_sync', 'res_st'))
    assert.equal(policy.ask(across).isAllowed, true)
    assert.equal(policy.ask({ ...across, now: until }).isAllowed, false)
    const elsewhere = { id: 'nhi_sync', environment: 'staging' }
    assert.equal(
      policy.ask({ ...across, subject: elsewhere }).isAllowed,
      false,
      'what the asker says must be what we know',
    )
  },
)

onEveryEngine('a forbid overrides every grant, and its id is told', async (room) => {
  const policy = await open(room)
  await policy.grant()
  await policy.text(
    '@id("no-writes-from-lab")\nforbid (principal, action, resource)\nwhen { context has sourceIp && context.sourceIp.isInRange(ip("10.9.0.0/16")) };',
  )
  assert.equal(policy.ask().isAllowed, true)
  const refused = policy.ask({ sourceIp: '10.9.1.1' })
  assert.deepEqual([refused.isAllowed, refused.decision.policies], [false, ['no-writes-from-lab']])
})

onEveryEngine(
  'report-only lets pass what would be refused and says so; guardrails and isolation are never report-only',
  async (room) => {
    const policy = await open(room)
    const now = room.clock.now()
    const later = new Date(now.getTime() + 60_000)
    const mode = async (kind: 'identity' | 'resource' | 'policy', target: string) => {
      await room.database.write((tx) =>
        putMode(
          tx,
          { kind, target, reason: 'first import', since: now, expiresAt: later, by: null, within: null },
          null,
        ),
      )
      await policy.signal('policy', '*')
    }
    await policy.text(
      '@id("office-hours")\nforbid (principal, action, resource)\nunless { context has sourceIp && context.sourceIp == ip("10.0.0.8") };\n@id("never")\n@guardrail("true")\nforbid (principal, action == Reeve::Action::"orders.write", resource);',
    )
    await policy.grant({ gives: { resource: 'res_orders', actions: ['*'] } })
    assert.equal(policy.ask().isAllowed, false)
    await mode('policy', 'office-hours')
    await mode('policy', 'never')
    const reported = policy.ask()
    assert.deepEqual(
      [reported.isAllowed, reported.decision.outcome, reported.decision.enforced, reported.decision.policies],
      [true, 'deny', false, ['office-hours']],
    )
    const guarded = policy.ask({ actions: ['orders.write'] })
    assert.deepEqual([guarded.isAllowed, guarded.decision.enforced], [false, true])
    await mode('identity', 'nhi_sync')
    await room.database.write((tx) => tx.updateTable('policy_grant').set({ ended_at: 1 }).execute())
    await policy.signal('grant', 'nhi_sync')
    const ungranted = policy.ask({ sourceIp: '10.0.0.8' })
    assert.deepEqual(
      [ungranted.isAllowed, ungranted.decision.outcome, ungranted.decision.enforced],
      [true, 'deny', false],
    )
    assert.equal(policy.ask({ actions: ['orders.write'] }).isAllowed, false, 'the guardrail holds')
    assert.equal(policy.ask({ resourceId: 'res_st' }).isAllowed, false, 'isolation holds')
    assert.equal(policy.ask({ sourceIp: '10.0.0.8', now: later }).isAllowed, false, 'its end needs nobody')
    assert.equal(policy.ask({ actions: [] }).isAllowed, false, 'nothing is given that nobody asked for or granted')
  },
)

onEveryEngine('an inactive or unknown identity, an unknown resource or action gets nothing', async (room) => {
  const policy = await open(room)
  await policy.grant({ gives: { resource: 'res_orders', actions: ['*'] } })
  const policiesOf = (question: Parameters<typeof policy.ask>[0]) => policy.ask(question).decision.policies
  assert.deepEqual(policiesOf({ subject: { id: 'nhi_no', environment: 'production' } }), ['reeve:unknown-identity'])
  assert.deepEqual(policiesOf({ resourceId: 'res_no' }), ['reeve:unknown-resource'])
  assert.deepEqual(policiesOf({ actions: ['orders.read', 'orders.burn'] }), ['reeve:unknown-action'])
  policy.identities.put({ id: 'nhi_sync', state: 'quarantined' })
  await policy.signal('identity', 'nhi_sync')
  assert.deepEqual(policiesOf({}), ['reeve:not-active'])
})

onEveryEngine(
  'what is kept of a decision says everything it was decided on, once for the same question',
  async (room) => {
    const policy = await open(room)
    await policy.grant()
    const first = policy.ask()
    const second = policy.ask({ now: new Date(room.clock.now().getTime() + 5) })
    assert.equal(first.decision.request, second.decision.request)
    assert.notEqual(first.decision.id, second.decision.id)
    const kept = readKept(first.kept[0]?.body ?? '')
    assert.deepEqual(kept?.principal, { type: 'Reeve::Identity', id: 'nhi_sync' })
    assert.deepEqual(kept?.actions, ['orders.read'])
    assert.deepEqual(kept?.entities.map(({ uid }) => uid.type).sort(), [
      'Reeve::Deployment',
      'Reeve::Identity',
      'Reeve::Resource',
      'Reeve::Team',
    ])
    assert.equal(first.kept[0]?.body.includes('"now"'), false)
  },
)

onEveryEngine('a remembered answer is the answer that a fresh memory gives (P5)', async (room) => {
  const policy = await open(room)
  await policy.grant({ conditions: { sourceNetworks: ['10.0.0.0/30'], instances: ['a', 'b","c'] } })
  await policy.grant({
    gives: { resource: 'res_orders', actions: ['orders.write'] },
    conditions: { timeWindow: { from: '12:00', to: '12:30' } },
    expiresAt: new Date(room.clock.now().getTime() + 10 * 60_000),
  })
  await policy.text('forbid (principal, action, resource) when { context has weekday && context.weekday == "monday" };')
  const question = fc.record({
    actions: fc.subarray(['orders.read', 'orders.write']),
    instance: fc.constantFrom(null, 'a', 'b', 'b","c', ''),
    sourceIp: fc.constantFrom(null, '10.0.0.1', '10.0.0.9', '::1'),
    credential: fc.record({ kind: fc.constantFrom('private_key_jwt', 'client_secret') }),
    now: fc
      .constantFrom(0, 1, 599_999, 600_000, 1_800_000, 86_400_000)
      .map((ms) => new Date(room.clock.now().getTime() + ms)),
  })
  fc.assert(
    fc.property(fc.array(question, { minLength: 1, maxLength: 8 }), (questions) => {
      const remembered = questions.map((one) => policy.ask(one))
      for (const [at, one] of questions.entries()) {
        policy.memory.verdicts.clear()
        const fresh = policy.ask(one)
        const known = remembered[at]
        assert.deepEqual({ ...known?.decision, id: '' }, { ...fresh.decision, id: '' })
        assert.deepEqual([known?.isAllowed, known?.actions], [fresh.isAllowed, fresh.actions])
      }
    }),
    { numRuns: 60 },
  )
})

onEveryEngine(
  'a policy may forbid a credential by its age, also where another one was allowed just before',
  async (room) => {
    const policy = await open(room)
    await policy.grant()
    await policy.text(
      '@id("young") forbid (principal is Reeve::Identity, action, resource is Reeve::Resource) unless { context has credentialCreatedAt && context.now.durationSince(context.credentialCreatedAt) <= duration("1h") };',
    )
    const nowMs = room.clock.now().getTime()
    const by = (createdAtMs?: number) =>
      policy.ask({ credential: { kind: 'public-key', ...(createdAtMs === undefined ? {} : { createdAtMs }) } })
        .isAllowed
    assert.deepEqual([by(nowMs - HOUR_MS + 1000), by(nowMs - HOUR_MS - 1), by()], [true, false, false])
    room.clock.advance(2000)
    assert.equal(by(nowMs - HOUR_MS + 1000), false, 'it has grown too old')
  },
)

onEveryEngine('what is remembered hangs on when the credential was made', async (room) => {
  const policy = await open(room)
  await policy.grant()
  // It looks at no clock, so that answers to it are remembered.
  const day = room.clock.now().toISOString().slice(0, 10)
  await policy.text(
    `@id("since") forbid (principal is Reeve::Identity, action, resource is Reeve::Resource) unless { context has credentialCreatedAt && context.credentialCreatedAt >= datetime("${day}") };`,
  )
  const dayMs = Date.parse(day)
  const by = (createdAtMs: number) => policy.ask({ credential: { kind: 'public-key', createdAtMs } }).isAllowed
  assert.deepEqual([by(dayMs), by(dayMs - 1), by(dayMs)], [true, false, true])
})

onEveryEngine(
  'what an authorization detail says is a fact that policies look at, and is remembered as such',
  async (room) => {
    const detailTypes = [
      { type: 'payment', fields: { amountCents: { kind: 'number', isRequired: true } } },
    ] as const satisfies Resource['detailTypes']
    const policy = await open(room, [{ ...ORDERS, detailTypes }, STAGING])
    await policy.grant()
    await policy.text(
      '@id("small") forbid (principal is Reeve::Identity, action, resource is Reeve::Resource) unless { context has request && context.request has amountCents && context.request.amountCents <= 1000 };',
    )
    const of = (amountCents: number) => policy.ask({ detail: { type: 'payment', amountCents } }).isAllowed
    assert.deepEqual([of(1000), of(1001), of(1000), policy.ask().isAllowed], [true, false, true, false])
    const kept = readKept(policy.ask({ detail: { type: 'payment', amountCents: 7 } }).kept[0]?.body ?? '')
    assert.deepEqual(kept?.context.request, { type: 'payment', amountCents: 7 })
  },
)
