import assert from 'node:assert/strict'
import fc from 'fast-check'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { recordTokens } from '../../../test/recorded-tokens.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { addUses } from '../../observe/store-use.ts'
import type { TokenQuestion } from '../decide/decide-token.ts'

const DAY_MS = 86_400_000
const resource = (name: string) => ({
  name,
  uri: `https://${name}.example/`,
  environment: 'production',
  sensitivity: 'internal',
  actions: ['read', 'list', 'write', 'export'].map((verb) => ({ name: `${name}.${verb}`, effect: 'read' })),
})
const DIRECTORY = {
  directory: 'shop',
  resources: ['orders', 'stock'].map(resource),
  bundles: [
    {
      name: 'reader',
      purpose: 'reads',
      matrix: [
        { resource: 'orders', actions: ['orders.read', 'orders.list', 'orders.export'] },
        { resource: 'stock', actions: ['stock.read'] },
      ],
    },
  ],
  grants: [
    { identity: 'sync', bundle: 'reader', expiresAt: '60d' },
    { identity: 'other', bundle: 'reader', expiresAt: '60d' },
    { identity: 'sync', name: 'more', resource: 'stock', actions: ['stock.write', 'stock.list'], expiresAt: '60d' },
  ],
}

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  for (const one of [{ id: 'nhi_sync' }, { id: 'nhi_other' }, { id: 'nhi_child', parent: 'nhi_sync' }])
    policy.identities.put(one)
  await policy.call('policy.access.apply', DIRECTORY)
  return policy
}

const asked = (room: Room, policy: PolicyBench, who: string, on: string, verbs: readonly string[]): TokenQuestion => ({
  subject: { id: `nhi_${who}`, environment: 'production' },
  resource: { id: policy.memory.resource(on)?.id ?? '' },
  actions: verbs.map((verb) => `${on}.${verb}`),
  credential: { kind: 'private_key_jwt' },
  instance: null,
  sourceIp: '10.1.2.3',
  now: room.clock.now(),
})

interface Line {
  resource: string
  actions: string[]
}
interface Answer {
  granted: { resource: string; action: string; used: { count: number; by: string[] } | null }[]
  proposals: { type: string; name: string; after: Line[]; taken: Line[] }[]
  replay: { decided: number; broken: unknown[] }
  notObserved: string[]
}

const tighten = (policy: PolicyBench, input: object): Promise<Answer> => policy.call('policy.access.tighten', input)
const byName = ({ proposals }: Answer) => [...proposals].sort((one, other) => (one.name < other.name ? -1 : 1))
const lines = (all: readonly Line[]) => all.map(({ resource: on, actions }) => `${on}: ${actions.join(' ')}`)

onEveryEngine(
  'an identity keeps what it used, by tokens, by reports and by its children, and loses the rest',
  async (room) => {
    const policy = await open(room)
    await recordTokens(room, policy.memory, [asked(room, policy, 'sync', 'orders', ['read'])])
    const use = { identity: 'nhi_sync', resource: 'https://stock.example/', action: 'stock.list', instance: null }
    await room.database.write((tx) => addUses(tx, [{ ...use, at: room.clock.now(), count: 3 }]))
    const answer = await tighten(policy, { identity: 'sync', days: 30 })
    assert.deepEqual(
      byName(answer).map(({ type, name, after, taken }) => [type, name, lines(after), lines(taken)]),
      [
        ['grant', 'more', ['stock: stock.list'], ['stock: stock.write']],
        ['grant', 'reader', ['orders: orders.read'], ['orders: orders.export orders.list', 'stock: stock.read']],
      ],
    )
    assert.deepEqual([answer.replay.decided, answer.replay.broken], [1, []])
    assert.deepEqual(answer.granted.find(({ action }) => action === 'stock.list')?.used?.by, ['use-report'])
    assert.match(answer.notObserved.join('\n'), /nobody reports uses of orders:/)
    assert.match(answer.notObserved.join('\n'), /were granted after/)
    // What a child was let in for is within its parent: taking it from the parent would break the child.
    await policy.call('policy.grant.create', {
      identity: 'child',
      resource: 'orders',
      actions: ['orders.export'],
      expiresAt: '9d',
    })
    await recordTokens(room, policy.memory, [asked(room, policy, 'child', 'orders', ['export'])])
    const again = await tighten(policy, { identity: 'sync', days: 30 })
    const left = again.proposals.find(({ name }) => name === 'reader')
    assert.deepEqual(lines(left?.after ?? []), ['orders: orders.export orders.read'])
  },
)

onEveryEngine('a bundle keeps what any of its holders used', async (room) => {
  const policy = await open(room)
  await recordTokens(room, policy.memory, [
    asked(room, policy, 'sync', 'orders', ['read']),
    asked(room, policy, 'other', 'orders', ['list', 'read']),
  ])
  const { proposals, replay } = await tighten(policy, { bundle: 'reader', days: 30 })
  assert.deepEqual(
    proposals.map(({ type, after }) => [type, lines(after)]),
    [['bundle', ['orders: orders.list orders.read']]],
  )
  assert.deepEqual(replay, { decided: 2, broken: [] })
  await assert.rejects(tighten(policy, { bundle: 'reader', identity: 'sync' }), { code: 'tighten_one' })
  await assert.rejects(tighten(policy, {}), { code: 'tighten_one' })
})

onEveryEngine('what cannot be told apart is left, and said', async (room) => {
  const policy = await open(room)
  await recordTokens(room, policy.memory, [asked(room, policy, 'sync', 'orders', [])])
  const [unnamed] = [await tighten(policy, { identity: 'sync', days: 30 })]
  assert.match(unnamed?.notObserved.join('\n') ?? '', /1 request for tokens named no action/)
  assert.ok(unnamed?.proposals.every(({ taken }) => taken.every(({ resource: on }) => on === 'stock')))
  await recordTokens(room, policy.memory, [asked(room, policy, 'sync', 'stock', ['write'])])
  await room.database.write((tx) => tx.deleteFrom('ledger_kept').execute())
  const forgotten = await tighten(policy, { identity: 'sync', days: 30 })
  assert.deepEqual(forgotten.proposals, [], 'of a request that is forgotten all of its resource counts as used')
  assert.match(forgotten.notObserved.join('\n'), /2 uses do not tell the action/)
  room.clock.advance(31 * DAY_MS)
  assert.equal((await tighten(policy, { identity: 'sync', days: 30 })).proposals.length, 2, 'long ago is not lately')
})

const VERBS = ['read', 'list', 'write', 'export']
const RUNS = { sqlite: 15, postgres: 4 }

onEveryEngine(
  'whatever was asked for, what was let in still is, and what is proposed is strictly less',
  async (room) => {
    const policy = await open(room)
    const one = fc.record({
      who: fc.constantFrom('sync', 'other'),
      on: fc.constantFrom('orders', 'stock'),
      verbs: fc.uniqueArray(fc.constantFrom(...VERBS), { minLength: 1, maxLength: 2 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 6 }), fc.constantFrom('identity', 'bundle'), async (all, of) => {
        // Each run has its own days, so that nothing of an earlier one is lately.
        room.clock.advance(2 * DAY_MS)
        await policy.call('policy.access.apply', DIRECTORY)
        const recorded = await recordTokens(
          room,
          policy.memory,
          all.map(({ who, on, verbs }) => asked(room, policy, who, on, verbs)),
        )
        const { proposals, replay } = await tighten(policy, { [of]: of === 'identity' ? 'sync' : 'reader', days: 1 })
        assert.deepEqual(replay.broken, [])
        const used = recorded
          .filter(
            ({ question, verdict }) => verdict.isAllowed && (of === 'bundle' || question.subject.id === 'nhi_sync'),
          )
          .flatMap(({ question }) => question.actions)
        for (const { taken, after } of proposals) {
          assert.ok(taken.length > 0)
          for (const action of taken.flatMap(({ actions }) => actions)) {
            assert.ok(!used.includes(action), `${action} was used`)
            assert.ok(!after.some(({ actions }) => actions.includes(action)), `${action} is still given`)
          }
        }
      }),
      { numRuns: RUNS[room.engine] },
    )
  },
)
