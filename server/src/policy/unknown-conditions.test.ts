import assert from 'node:assert/strict'
import { askForToken } from '../../test/fakes/ask-for-token.ts'
import { openPolicy, type PolicyBench } from '../../test/fakes/policy.ts'
import { resourceInput } from '../../test/fakes/resources.ts'
import { onEveryEngine, type Room } from '../../test/room.ts'
import { findGrant, updateGrant } from './store-grant.ts'

// During a rolling upgrade a newer server writes grants under conditions that this one does not know.

// What a row may hold of conditions, and what of it is not known here.
const STORED: readonly [string, string, readonly string[]][] = [
  ['a condition of another name', '{"moonPhase":"full"}', ['moonPhase']],
  ['beside one that is known and holds', '{"regions":["DE"],"moonPhase":"full"}', ['moonPhase']],
  [
    'a known name with more in it',
    '{"timeWindow":{"from":"00:00","to":"00:00","zone":"Europe/Berlin"}}',
    ['timeWindow'],
  ],
  ['a known name of another shape', '{"regions":{"not":["RU"]}}', ['regions']],
  ['a name of every object', '{"__proto__":1}', ['__proto__']],
  ['another one', '{"constructor":2}', ['constructor']],
  ['no conditions at all', '"anything"', ['conditions']],
  ['a list', '["x"]', ['conditions']],
  ['nothing', 'null', ['conditions']],
]

const open = async (room: Room): Promise<PolicyBench & { readonly grant: string }> => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_sync' })
  policy.identities.put({ id: 'nhi_child', parent: 'nhi_sync' })
  await policy.call('policy.resource.create', resourceInput('orders'))
  const terms = { identity: 'nhi_sync', resource: 'orders', actions: ['orders.read'], expiresAt: '30d' }
  const { id } = await policy.call('policy.grant.create', terms)
  return { ...policy, grant: id }
}

const isAllowed = async (room: Room, policy: PolicyBench): Promise<boolean> =>
  (await askForToken(room, policy, { sourceRegion: 'DE' })).isAllowed

onEveryEngine(
  'a stored grant with a condition that is not known gives nothing, and the condition is kept',
  async (room, t) => {
    const policy = await open(room)
    const { grant } = policy
    const store = async (conditions: string) =>
      room.database.write(async (tx) => {
        await tx.updateTable('policy_grant').set({ conditions }).where('id', '=', grant).execute()
        await room.changes.signal(tx, [{ topic: 'grant', key: 'nhi_sync' }])
      })
    for (const [name, conditions, unknown] of STORED)
      await t.test(name, async () => {
        await store('{}')
        await room.changes.catchUp()
        assert.equal(await isAllowed(room, policy), true)
        await store(conditions)
        await room.changes.catchUp()
        assert.equal(await isAllowed(room, policy), false)
        const found = await findGrant(room.database.reader, grant)
        assert.deepEqual(Object.keys(found?.conditions.unknown ?? {}), unknown)
        await policy.call('policy.grant.show', { grant })
        assert.equal((await policy.call('policy.grant.list', { identity: 'nhi_sync' })).items.length, 1)
        const asked = { identity: 'nhi_sync', action: 'orders.read', resource: 'orders' }
        const told = await policy.call('policy.decision.can', asked)
        assert.match(told.because.join(), /conditions that this server does not know/)
        const child = { identity: 'nhi_child', resource: 'orders', actions: ['orders.read'], expiresAt: '1d' }
        await assert.rejects(policy.call('policy.grant.create', child), { code: 'grant_exceeds_parent' })
        if (found === undefined) throw new Error('the grant is gone')
        await room.database.write((tx) => updateGrant(tx, { ...found, approval: 'apr_x' }))
        const row = await room.database.reader.selectFrom('policy_grant').select('conditions').executeTakeFirst()
        const kept = JSON.parse(row?.conditions ?? '')
        if (conditions.startsWith('{')) assert.deepEqual(kept, JSON.parse(conditions))
        else assert.deepEqual(Object.keys(kept), unknown)
      })
  },
)

onEveryEngine('a plan counts no right by such a grant, and its approval vouches for nothing', async (room) => {
  const policy = await open(room)
  await room.database.write(async (tx) => {
    await tx.updateTable('policy_grant').set({ conditions: '{"moonPhase":"full"}', approval: 'apr_1' }).execute()
    await room.changes.signal(tx, [{ topic: 'grant', key: 'nhi_sync' }])
  })
  await room.changes.catchUp()
  const text = 'permit (principal, action == Reeve::Action::"orders.read", resource) when { context has approval };'
  await policy.call('policy.set.change', { put: [{ name: 'vouched', file: 'policies/vouched.cedar', text }] })
  assert.equal(await isAllowed(room, policy), false)
  const open_ = { name: 'open', file: 'policies/open.cedar', text: text.replace(' when { context has approval }', '') }
  const { plan } = await policy.call('policy.access.plan', { directory: 'more', policies: [open_] })
  const { changes } = await policy.call('policy.access.compare', { plan })
  assert.deepEqual(
    changes
      .map(({ identity, before, after }: { identity: { id: string }; before: string; after: string }) => [
        identity.id,
        before,
        after,
      ])
      .sort(),
    [
      ['nhi_child', 'conditional', 'always'],
      ['nhi_sync', 'conditional', 'always'],
    ],
  )
})
