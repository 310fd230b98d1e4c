import assert from 'node:assert/strict'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { systemRandom } from '../../kit/random.ts'
import { createTokenDecider } from '../decide/decide-token.ts'
import { endOverdueModes } from '../jobs/end-overdue-modes.ts'

const DAY_MS = 86_400_000

const resource = (name: string, environment = 'production') => ({
  name,
  uri: `https://${name}.example/`,
  environment,
  sensitivity: 'internal',
  actions: [
    { name: `${name}.read`, effect: 'read' },
    { name: `${name}.purge`, effect: 'privileged' },
    { name: `${name}.ship`, effect: 'write' },
    { name: `${name}.pack`, effect: 'write' },
  ],
})

/** Two that a scan saw, of which one is declared; and one that the directory makes. */
const DIRECTORY = {
  directory: 'commerce',
  teams: [{ name: 'commerce', technicalContact: 'a@example', businessContact: 'b@example' }],
  identities: [
    { name: 'old-sync', kind: 'bot', owner: 'commerce' },
    { name: 'new-sync', kind: 'bot', owner: 'commerce' },
  ],
  resources: [resource('orders'), resource('orders-lab', 'staging')],
  policies: [
    {
      name: 'rules',
      file: 'policies/rules.cedar',
      text: '@guardrail\nforbid (principal, action == Reeve::Action::"orders.ship", resource);\nforbid (principal, action == Reeve::Action::"orders.read", resource) when { context.now < datetime("2020-01-01") };',
    },
  ],
}

const open = async (room: Room) => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  for (const id of ['nhi_old-sync', 'nhi_other']) {
    policy.identities.put({ id })
    policy.identities.seen.add(id)
  }
  await policy.call('policy.resource.create', resource('payments'))
  const ask = createTokenDecider(policy.memory, systemRandom())
  const asked = async (identity: string, action: string) => {
    await policy.memory.warm(`nhi_${identity}`)
    const { isAllowed, decision } = ask({
      subject: { id: `nhi_${identity}`, environment: 'production' },
      resource: { id: policy.memory.resource(action.split('.')[0] ?? '')?.id ?? '' },
      actions: [action],
      credential: { kind: 'private_key_jwt' },
      instance: null,
      sourceIp: null,
      now: room.clock.now(),
    })
    return { isAllowed, outcome: decision.outcome, isEnforced: decision.enforced, policies: decision.policies }
  }
  const mayOf = async (identity: string, action: string) => (await asked(identity, action)).isAllowed
  return { policy, asked, mayOf }
}

const apply = (policy: PolicyBench, input: object) => {
  const parsed = policy.operation('policy.access.apply').input.parse(input)
  return policy.call('policy.access.apply', {
    ...input,
    approval: policy.approvals.give('apr_1', 'policy.access.apply', parsed),
  })
}

onEveryEngine('what a first import brings together is report-only, and nothing that was there before', async (room) => {
  const { policy, asked, mayOf } = await open(room)
  await assert.rejects(policy.call('policy.access.apply', DIRECTORY), { code: 'approval_missing' })
  assert.equal(policy.memory.resource('orders'), undefined)
  const done = await apply(policy, DIRECTORY)
  assert.match(
    done.needsApproval[0],
    /^first import: for 14 days what old-sync would be refused at orders, orders-lab /,
  )
  const shown = done.objects.filter(({ fields }: { fields: { field: string }[] }) =>
    fields.some(({ field }) => field === 'mode'),
  )
  assert.deepEqual(
    shown.map(({ type, name, verb }: Record<string, string>) => [type, name, verb]),
    [
      ['identity', 'old-sync', 'changed'],
      ['resource', 'orders', 'created'],
      ['resource', 'orders-lab', 'created'],
    ],
  )
  const event = (await room.events()).at(-1)
  assert.deepEqual([event?.evidence.reportOnly, event?.approval], [3, 'apr_1'])
  assert.deepEqual(await asked('old-sync', 'orders.read'), {
    ...{ isAllowed: true, outcome: 'deny', isEnforced: false },
    policies: [],
  })
  // The guardrail, what is privileged, a write by who is declared to read, another environment, what was registered before, and who was not seen or not declared.
  for (const [identity, action] of [
    ['old-sync', 'orders.ship'],
    ['old-sync', 'orders.purge'],
    ['old-sync', 'orders.pack'],
    ['old-sync', 'orders-lab.read'],
    ['old-sync', 'payments.read'],
    ['new-sync', 'orders.read'],
    ['other', 'orders.read'],
  ] as const)
    assert.equal(await mayOf(identity, action), false, `${identity} ${action}`)
})

onEveryEngine(
  'a first import is enforced by one command, thing by thing or as a whole, and at its end',
  async (room) => {
    const { policy, mayOf } = await open(room)
    policy.identities.seen.add('nhi_third')
    policy.identities.put({ id: 'nhi_third' })
    const both = {
      ...DIRECTORY,
      identities: [...DIRECTORY.identities, { name: 'third', kind: 'bot', owner: 'commerce' }],
    }
    await apply(policy, both)
    const listed = await policy.call('policy.mode.list', {})
    assert.deepEqual(
      listed.items.map(({ kind, name, within }: Record<string, string>) => [kind, name, within]),
      [
        ['identity', 'old-sync', 'commerce'],
        ['identity', 'third', 'commerce'],
        ['resource', 'orders', 'commerce'],
        ['resource', 'orders-lab', 'commerce'],
      ].sort(([, one], [, other]) => (idOf(policy, one) < idOf(policy, other) ? -1 : 1)),
    )
    await policy.call('policy.mode.promote', { kind: 'identity', target: 'third' })
    assert.deepEqual([await mayOf('third', 'orders.read'), await mayOf('old-sync', 'orders.read')], [false, true])
    const whole = { kind: 'directory', target: 'commerce' }
    assert.equal((await policy.call('policy.mode.promote', whole)).promoted, 3)
    assert.equal(await mayOf('old-sync', 'orders.read'), false)
    await assert.rejects(policy.call('policy.mode.promote', whole), { code: 'mode_not_found' })
    // It was imported once: not again by the same directory, nor by another one, for what is registered by now.
    await policy.call('policy.access.apply', both)
    assert.equal((await policy.call('policy.mode.list', {})).items.length, 0)
  },
)

onEveryEngine('a first import ends by itself, and is not begun where the directory says so', async (room) => {
  const { policy, mayOf } = await open(room)
  await policy.call('policy.access.apply', { ...DIRECTORY, reportOnlyDays: 0 })
  assert.equal(await mayOf('old-sync', 'orders.read'), false)
  const other = {
    directory: 'more',
    identities: [{ name: 'other', kind: 'bot', owner: 'commerce' }],
    resources: [resource('stock')],
    reportOnlyDays: 3,
  }
  await apply(policy, other)
  assert.equal(await mayOf('other', 'stock.read'), true)
  assert.deepEqual([await mayOf('old-sync', 'stock.read'), await mayOf('other', 'orders.read')], [false, false])
  room.clock.advance(3 * DAY_MS)
  assert.equal(await mayOf('other', 'stock.read'), false)
  const { changes } = room
  const ended = await room.database.write((tx) =>
    endOverdueModes(tx, { changes, random: systemRandom(), ports: policy.ports }, room.clock.now()),
  )
  assert.equal(ended, 2)
})

onEveryEngine('who is declared to write is let in to write as well', async (room) => {
  const { policy, mayOf } = await open(room)
  const writes = { ...DIRECTORY.identities[0], blastRadius: 'write-limited' }
  await apply(policy, { ...DIRECTORY, identities: [writes] })
  assert.deepEqual([await mayOf('old-sync', 'orders.pack'), await mayOf('old-sync', 'orders.ship')], [true, false])
})

onEveryEngine('who is from outside is not let in where a first import brings what is sensitive', async (room) => {
  const { policy, mayOf } = await open(room)
  policy.identities.put({ id: 'nhi_old-sync', boundary: 'third-party' })
  const secret = { ...resource('secrets'), sensitivity: 'confidential' }
  // The fake applier puts an ordinary identity in its place; what it is like is inventory's to say.
  const outside = { ...DIRECTORY, identities: [{ ...DIRECTORY.identities[0], boundary: 'third-party' }] }
  await policy.call('policy.access.apply', { ...outside, resources: [...DIRECTORY.resources, secret] })
  assert.deepEqual([await mayOf('old-sync', 'secrets.read'), await mayOf('old-sync', 'orders.read')], [false, false])
})

onEveryEngine('an approval of a first import counts nobody whom it does not stand for', async (room) => {
  const { policy } = await open(room)
  const many = (last: string) => {
    const names = [...Array.from({ length: 10 }, (_, at) => `bot-0${at}`), last]
    for (const name of names) {
      policy.identities.put({ id: `nhi_${name}` })
      policy.identities.seen.add(`nhi_${name}`)
    }
    const identities = names.map((name) => ({ name, kind: 'bot', owner: 'commerce' }))
    return policy.call('policy.access.apply', { ...DIRECTORY, identities, dryRun: true })
  }
  const [one, other] = [await many('bot-one'), await many('bot-two')]
  assert.match(one.needsApproval[0], /bot-09, 1 more \(\S{16}\) would be refused/)
  assert.notEqual(one.needsApproval[0], other.needsApproval[0])
})

onEveryEngine('a plan of a first import shows it first, and is applied exactly', async (room) => {
  const { policy, mayOf } = await open(room)
  // The fake register knows no savepoint: what is planned of identities has to be there already.
  const [old] = DIRECTORY.identities
  policy.identities.put({ id: 'nhi_old-sync', owner: { id: 'team_commerce', name: 'commerce', isActive: true } })
  const plan = await policy.call('policy.access.plan', { ...DIRECTORY, teams: [], identities: [old] })
  assert.match(plan.needsApproval[0], /^first import: /)
  assert.equal((await policy.call('policy.mode.list', {})).items.length, 0)
  const [callout] = (await policy.call('policy.access.compare', { plan: plan.plan })).callouts
  assert.match(callout.text, /^needs an approval: first import: /)
  await assert.rejects(policy.call('policy.access.apply', { plan: plan.plan }), { code: 'approval_missing' })
  await apply(policy, { plan: plan.plan })
  assert.deepEqual([await mayOf('old-sync', 'orders.read'), await mayOf('other', 'orders.read')], [true, false])
})

const idOf = (policy: PolicyBench, name: string | undefined): string =>
  policy.memory.resource(name ?? '')?.id ?? `nhi_${name}`
