import assert from 'node:assert/strict'
import { draft } from '../../../test/event-draft.ts'
import { askForToken } from '../../../test/fakes/ask-for-token.ts'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { adminCaller, onEveryEngine, type Room } from '../../../test/room.ts'
import { WEEKDAYS } from '../domain/grant.ts'
import { endOverdueGrants } from '../jobs/end-overdue-grants.ts'

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room)
  for (const id of ['nhi_a', 'nhi_b', 'nhi_c']) policy.identities.put({ id })
  for (const name of ['orders', 'refunds'])
    await policy.call('policy.resource.create', {
      name,
      uri: `https://${name}.example/`,
      environment: 'production',
      sensitivity: 'internal',
      actions: [
        { name: `${name}.read`, effect: 'read' },
        { name: `${name}.write`, effect: 'write' },
      ],
    })
  const grant = (identity: string, resource: string, actions: string[], conditions = {}) =>
    policy.call('policy.grant.create', { identity, resource, actions, conditions, expiresAt: '30d' })
  await grant('a', 'orders', ['orders.read', 'orders.write'])
  await grant('b', 'orders', ['orders.read'], { sourceNetworks: ['10.0.0.0/8'] })
  return policy
}

/** Decides a token of nhi_c for these actions, and records the decision as the broker does. */
const decide = async (
  room: Room,
  policy: PolicyBench,
  resource: string,
  actions: readonly string[],
  ip = '10.0.0.7',
) => {
  const verdict = await askForToken(room, policy, { identity: 'nhi_c', resource, actions, sourceIp: ip })
  const issue = draft('broker.token.issue', {
    outcome: verdict.isAllowed ? 'done' : 'refused',
    actor: { principalType: 'nhi', id: 'nhi_c', name: 'c' },
    decision: verdict.decision,
    source: adminCaller.source,
  })
  await room.hot.run({ judge: async () => ({ drafts: [issue], kept: verdict.kept, value: true }) })
  return verdict
}

onEveryEngine(
  'who can is answered over the whole register, and says what is only allowed under conditions',
  async (room) => {
    const policy = await open(room)
    const found = await policy.call('policy.decision.who', { action: 'orders.read', resource: 'orders' })
    assert.deepEqual(
      found.items.map(({ name, standing, missing }: { name: string; standing: string; missing: string[] }) => [
        name,
        standing,
        missing,
      ]),
      [
        ['a', 'yes', []],
        ['b', 'conditionally', ['context.sourceIp']],
      ],
    )
    assert.match(found.items[0].by.join(), /^grant /)
    const first = await policy.call('policy.decision.who', { action: 'orders.read', resource: 'orders', limit: 1 })
    const { nextCursor: cursor } = first
    const rest = await policy.call('policy.decision.who', {
      action: 'orders.read',
      resource: 'orders',
      limit: 1,
      cursor,
    })
    assert.deepEqual(
      [first, rest].map(({ items }) => items[0].name),
      ['a', 'b'],
    )
    const writers = await policy.call('policy.decision.who', { action: 'orders.write', resource: 'orders' })
    assert.deepEqual(
      writers.items.map(({ name }: { name: string }) => name),
      ['a'],
    )
    assert.deepEqual(writers.because, [])
    const mistyped = await policy.call('policy.decision.who', { action: 'orders.wriet', resource: 'orders' })
    assert.deepEqual([mistyped.items, mistyped.because], [[], ['the resource has no such action']])
  },
)

onEveryEngine('everything that an identity can do is listed as single decisions would say it', async (room) => {
  const policy = await open(room)
  for (const identity of ['a', 'b', 'c']) {
    const { items, isComplete } = await policy.call('policy.decision.reach', { identity })
    assert.ok(isComplete)
    for (const resource of ['orders', 'refunds'])
      for (const verb of ['read', 'write']) {
        const action = `${resource}.${verb}`
        const one = await policy.call('policy.decision.can', { identity, action, resource })
        const listed = items.find((item: { action: string }) => item.action === action)
        assert.equal(listed?.standing === 'yes', one.isAllowed, `${identity} ${action}`)
      }
  }
})

const proposedIn = (wouldAllow: string) => ({
  identity: 'c',
  ...(wouldAllow.includes('name: ') ? { name: /name: "([^"]+)"/.exec(wouldAllow)?.[1] } : {}),
  resource: /resource: "([^"]+)"/.exec(wouldAllow)?.[1] ?? '',
  actions: JSON.parse(/actions: (\[.*\])/.exec(wouldAllow)?.[1] ?? '[]'),
  conditions: JSON.parse(/conditions: (\{.*\})/.exec(wouldAllow)?.[1] ?? '{}'),
  expiresAt: /expiresAt: "([^"]+)"/.exec(wouldAllow)?.[1],
})

onEveryEngine(
  'the proposed grant turns the decision, nothing smaller does, and what else it turns is told',
  async (room) => {
    const policy = await open(room)
    const earlier = await decide(room, policy, 'orders', ['orders.read'], '192.0.2.1')
    await decide(room, policy, 'refunds', ['refunds.read'])
    const asked = ['orders.read', 'orders.write']
    const isAllowed = async () => (await decide(room, policy, 'orders', asked)).isAllowed
    const refused = await decide(room, policy, 'orders', asked)
    const shown = await policy.call('policy.decision.show', { decision: refused.decision.id })
    const proposed = proposedIn(shown.wouldAllow)
    assert.deepEqual(proposed.actions, asked)
    const told = shown.because.join('\n')
    assert.match(told, new RegExp(`would also have allowed 1 of \\d+ recorded refusals: ${earlier.decision.id}`))
    assert.doesNotMatch(told, /refunds/)
    // Every part of it is needed: without any one of its actions the decision stays as it is.
    const give = (actions: readonly string[]) => policy.call('policy.grant.create', { ...proposed, actions })
    const revoke = (grant: string) => policy.call('policy.grant.revoke', { grant, reason: 'a test' })
    for (const left of asked) {
      const smaller = await give(asked.filter((action) => action !== left))
      assert.equal(await isAllowed(), false, left)
      await revoke(smaller.id)
    }
    await give(proposed.actions)
    assert.equal(await isAllowed(), true)
    assert.equal((await decide(room, policy, 'refunds', ['refunds.read'])).isAllowed, false)
  },
)

onEveryEngine(
  'of a proposed grant to read what is sensitive it is told which writing it would forbid, and only of whom it would',
  async (room) => {
    const policy = await open(room)
    const resource = { uri: 'https://secrets.example/', environment: 'production', sensitivity: 'confidential' }
    const actions = [{ name: 'secrets.read', effect: 'read' }]
    await policy.call('policy.resource.create', { name: 'secrets', ...resource, actions })
    for (const [boundary, isForbidden] of [
      ['third-party', true],
      ['internal', false],
    ] as const) {
      policy.identities.put({ id: 'nhi_c', boundary })
      await room.database.write((tx) => room.changes.signal(tx, [{ topic: 'identity', key: 'nhi_c' }]))
      await room.changes.catchUp()
      const held = { identity: 'c', resource: 'orders', name: boundary, expiresAt: '30d' }
      const own = await policy.call('policy.grant.create', { ...held, actions: ['orders.read', 'orders.write'] })
      const written = await decide(room, policy, 'orders', ['orders.write'])
      const read = await decide(room, policy, 'orders', ['orders.read'])
      const refused = await decide(room, policy, 'secrets', ['secrets.read'])
      assert.deepEqual([written.isAllowed, read.isAllowed, refused.isAllowed], [true, true, false])
      const shown = await policy.call('policy.decision.show', { decision: refused.decision.id })
      const told = shown.because.join('\n')
      const says = new RegExp(
        `a grant of secrets.read would also have refused 1 of 2 recorded requests that were allowed: ${written.decision.id} \\(orders.write, `,
      )
      if (isForbidden) assert.match(told, says)
      else assert.doesNotMatch(told, new RegExp(written.decision.id))
      assert.doesNotMatch(told, new RegExp(read.decision.id))
      // And so it is, when it is given.
      const given = await policy.call('policy.grant.create', { ...proposedIn(shown.wouldAllow), name: 'given' })
      assert.equal((await decide(room, policy, 'secrets', ['secrets.read'])).isAllowed, true)
      assert.equal((await decide(room, policy, 'orders', ['orders.write'])).isAllowed, !isForbidden)
      for (const { id } of [own, given]) await policy.call('policy.grant.revoke', { grant: id, reason: 'a test' })
    }
  },
)

onEveryEngine('a proposed grant can be given beside the one that the identity holds already', async (room) => {
  const policy = await open(room)
  const held = { identity: 'c', resource: 'orders', actions: ['orders.read'], expiresAt: '30d' }
  await policy.call('policy.grant.create', held)
  const refused = await decide(room, policy, 'orders', ['orders.read', 'orders.write'])
  const shown = await policy.call('policy.decision.show', { decision: refused.decision.id })
  const proposed = proposedIn(shown.wouldAllow)
  assert.deepEqual([proposed.actions, proposed.name], [['orders.write'], 'orders orders.write'])
  await policy.call('policy.grant.create', proposed)
  assert.equal((await decide(room, policy, 'orders', ['orders.read', 'orders.write'])).isAllowed, true)
})

const DAY_MS = 86_400_000
const READ = ['orders.read']
const HERE = { sourceNetworks: ['10.0.0.0/8'] }

for (const isSwept of [false, true])
  onEveryEngine(
    `what ended by its expiry is proposed as long again and under its own conditions${isSwept ? ', after it was swept too' : ''}`,
    async (room) => {
      const policy = await open(room)
      const held = { identity: 'c', resource: 'orders', actions: ['orders.read', 'orders.write'] }
      const { id } = await policy.call('policy.grant.create', { ...held, conditions: HERE, expiresAt: '10d' })
      room.clock.advance(11 * DAY_MS)
      const { database, changes, random } = room
      const sweep = endOverdueGrants({ database, changes, random, ports: policy.ports, committed: () => undefined })
      if (isSwept) await sweep.run(room.clock.now())
      const isAllowed = async (ip?: string) => (await decide(room, policy, 'orders', held.actions, ip)).isAllowed
      const elsewhere = await decide(room, policy, 'orders', held.actions, '192.0.2.1')
      const refused = await decide(room, policy, 'orders', held.actions)
      const shown = await policy.call('policy.decision.show', { decision: refused.decision.id })
      const told = shown.because.join('\n')
      assert.match(told, new RegExp(`grant orders \\(${id}\\) gives it, but it ended at .*; a later expiry is all`))
      assert.doesNotMatch(told, new RegExp(elsewhere.decision.id), 'it would not have been allowed from elsewhere')
      const asked = { identity: 'c', resource: 'orders', action: 'orders.read', sourceIp: '10.1.1.1' }
      const can = await policy.call('policy.decision.can', asked)
      assert.deepEqual(proposedIn(can.wouldAllow), { ...proposedIn(shown.wouldAllow), actions: READ })
      const proposed = proposedIn(shown.wouldAllow)
      const expiresAt = new Date(room.clock.now().getTime() + 10 * DAY_MS).toISOString()
      assert.deepEqual(proposed, { ...held, conditions: HERE, expiresAt })
      for (const left of held.actions) {
        const actions = held.actions.filter((action) => action !== left)
        const smaller = await policy.call('policy.grant.create', { ...proposed, actions })
        assert.equal(await isAllowed(), false, left)
        await policy.call('policy.grant.revoke', { grant: smaller.id, reason: 'a test' })
      }
      await policy.call('policy.grant.create', proposed)
      assert.deepEqual([await isAllowed(), await isAllowed('192.0.2.1')], [true, false])
    },
  )

// At the moment of the test's clock, from 10.0.0.7 with a public key and without an instance.
const UNMET: Readonly<Record<string, { conditions: object; told: RegExp; proposed: (now: Date) => object }>> = {
  network: {
    conditions: { sourceNetworks: ['192.0.2.0/24'], credentialKinds: ['public-key'] },
    told: /only for source networks 192\.0\.2\.0\/24, and context\.sourceIp is 10\.0\.0\.7/,
    proposed: () => ({ sourceNetworks: ['10.0.0.7'], credentialKinds: ['public-key'] }),
  },
  'kind of credential': {
    conditions: { ...HERE, credentialKinds: ['client-secret'] },
    told: /only for credentials of kind client-secret, and context\.credentialKind is public-key/,
    proposed: () => ({ ...HERE, credentialKinds: ['public-key'] }),
  },
  'instance that is not known': {
    conditions: { ...HERE, instances: ['pod-1'] },
    told: /only for instances pod-1, and context\.instance is not known/,
    proposed: () => HERE,
  },
  hours: {
    conditions: { ...HERE, timeWindow: { from: '03:00', to: '04:00' } },
    told: /only from 03:00 to 04:00 UTC, and context\.now is /,
    proposed: (now) => ({ ...HERE, timeWindow: hourOf(now) }),
  },
  weekday: {
    conditions: { timeWindow: { from: '00:00', to: '23:59', days: ['monday'] } },
    told: /only on monday, and context\.weekday is /,
    proposed: (now) => ({ timeWindow: { from: '00:00', to: '23:59', days: [WEEKDAYS[now.getUTCDay()]] } }),
  },
  'hours and network': {
    conditions: { sourceNetworks: ['192.0.2.0/24'], timeWindow: { from: '03:00', to: '04:00' } },
    told: /context\.sourceIp is 10\.0\.0\.7, and it holds only from 03:00 to 04:00 UTC/,
    proposed: (now) => ({ sourceNetworks: ['10.0.0.7'], timeWindow: hourOf(now) }),
  },
}

const hourOf = (now: Date) => {
  const [from, to] = [0, 1].map((hours) => new Date(now.getTime() + hours * 3_600_000).toISOString().slice(11, 13))
  return { from: `${from}:00`, to: `${to}:00` }
}

onEveryEngine(
  'a condition that did not hold is named with its attribute, and no more of the grant is widened than that',
  async (room) => {
    const policy = await open(room)
    const revoke = (grant: string) => policy.call('policy.grant.revoke', { grant, reason: 'a test' })
    const isAllowed = async () => (await decide(room, policy, 'orders', READ)).isAllowed
    for (const [what, { conditions, told, proposed: expected }] of Object.entries(UNMET)) {
      const held = { identity: 'c', resource: 'orders', actions: READ, expiresAt: '10d' }
      // One that reaches it and would need more is not what is proposed.
      const farther = {
        ...held,
        name: 'farther',
        conditions: { sourceNetworks: ['198.51.100.1'], instances: ['x'], credentialKinds: ['ssh-key'] },
      }
      const { id: far } = await policy.call('policy.grant.create', farther)
      const { id } = await policy.call('policy.grant.create', { ...held, conditions })
      const refused = await decide(room, policy, 'orders', READ)
      const shown = await policy.call('policy.decision.show', { decision: refused.decision.id })
      assert.match(shown.because.join('\n'), told, what)
      const proposed = proposedIn(shown.wouldAllow)
      assert.deepEqual(proposed.conditions, expected(room.clock.now()), what)
      // Each condition that was widened has to be: with the grant's own in its place the decision stays as it is.
      for (const [name, own] of Object.entries(conditions)) {
        if (JSON.stringify(own) === JSON.stringify(new Map(Object.entries(proposed.conditions)).get(name))) continue
        const narrower = { ...proposed, conditions: { ...proposed.conditions, [name]: own } }
        const smaller = await policy.call('policy.grant.create', narrower)
        assert.equal(await isAllowed(), false, `${what}: ${name}`)
        await revoke(smaller.id)
      }
      const given = await policy.call('policy.grant.create', proposed)
      assert.equal(await isAllowed(), true, what)
      for (const grant of [given.id, id, far]) await revoke(grant)
    }
  },
)
