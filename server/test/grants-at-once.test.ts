import assert from 'node:assert/strict'
import { declaredBot, declaredResource, openPlugged, peopleOf } from './plugged.ts'
import { onEveryEngine } from './room.ts'

const GRANT = 'policy.grant.create'
const APPROVE = 'lifecycle.approval.approve'
const ROUNDS = 12

onEveryEngine(
  'an identity is graded by all its grants, also by those that were given at the same moment',
  async (room) => {
    const plugged = await openPlugged(room)
    const { admin, ownerA, security } = await peopleOf(room, plugged)
    const { call, ask } = plugged
    await call('policy.resource.create', declaredResource('orders', { owner: 'team-a' }), admin)
    await call(
      'policy.resource.create',
      declaredResource('vault', { owner: 'team-a', sensitivity: 'regulated' }),
      admin,
    )
    for (let round = 0; round < ROUNDS; round++) {
      const identity = `bot-${round}`
      await call('inventory.identity.create', declaredBot(identity), ownerA)
      const secret = { identity, resource: 'vault', actions: ['vault.read'], expiresAt: '30d' }
      const { id } = await ask(GRANT, secret, ownerA)
      await call(APPROVE, { approval: id }, security)
      await Promise.all([
        call(GRANT, { ...secret, approval: id }, ownerA),
        call(GRANT, { ...secret, resource: 'orders', actions: ['orders.read'] }, ownerA),
      ])
      assert.equal((await call('inventory.identity.show', { identity }, admin)).tier, 'medium', identity)
    }
  },
)

onEveryEngine(
  'a bundle or a resource that comes to give more is judged for who is granted it at the same moment',
  async (room, t) => {
    const plugged = await openPlugged(room)
    const { admin, ownerA } = await peopleOf(room, plugged)
    const { call } = plugged
    for (const [what, change] of [
      [
        'bundle',
        (name: string) =>
          call(
            'policy.bundle.change',
            { bundle: name, matrix: [{ resource: name, actions: ['read', 'purge'] }] },
            admin,
          ),
      ],
      [
        'resource',
        (name: string) => call('policy.resource.change', { resource: name, sensitivity: 'regulated' }, admin),
      ],
    ] as const)
      await t.test(`a ${what}`, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const name = `${what}-${round}`
          const actions = [
            { name: 'read', effect: 'read' },
            { name: 'purge', effect: 'privileged' },
          ]
          await call('policy.resource.create', declaredResource(name, { owner: 'team-a', actions }), admin)
          await call(
            'policy.bundle.create',
            { name, purpose: 'reads', matrix: [{ resource: name, actions: ['read'] }] },
            admin,
          )
          await call('inventory.identity.create', declaredBot(name), ownerA)
          const ended = await Promise.allSettled([
            change(name),
            call(GRANT, { identity: name, bundle: name, expiresAt: '30d' }, ownerA),
          ])
          // Whichever was second needs an approval that it does not have.
          assert.deepEqual(ended.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], name)
        }
      })
  },
)
