import assert from 'node:assert/strict'
import { openPolicy } from '../../../test/fakes/policy.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { isPrivileged } from '../domain/resource.ts'

const CLASSES = ['deploy-bot', 'observability-bot', 'crm-sync-bot', 'retrieval-agent', 'data-export-agent']

onEveryEngine(
  'each of the five standard bundles gives what it lists, from its networks and at its hours alone',
  async (room) => {
    const policy = await openPolicy(room)
    const { items } = await policy.call('policy.template.list', {})
    assert.deepEqual(
      items.map(({ name }: { name: string }) => name),
      CLASSES,
    )
    for (const { resources, conditions, ...bundle } of items) {
      const identity = policy.identities.put({ id: `nhi_${bundle.name}` })
      for (const resource of resources) {
        assert.ok(resource.actions.every(({ effect }: { effect: 'read' }) => !isPrivileged(effect)))
        const uri = `https://${resource.name}.example/`
        await policy.call('policy.resource.create', { ...resource, uri, environment: 'production' })
      }
      const made = await policy.call('policy.bundle.create', bundle)
      await policy.call('policy.grant.create', {
        identity: identity.id,
        bundle: made.name,
        conditions,
        expiresAt: '90d',
      })
      const inside = conditions.sourceNetworks[0].replace(/0\/\d+$/, '7')
      // A Wednesday; the middle of the window, and an hour before it where there is such a moment.
      const { from, to } = conditions.timeWindow
      const at = (clock: string) => `2026-03-04T${clock}:00Z`
      const isAllowed = async (resource: string, action: string, sourceIp: string | undefined, clock: string) =>
        (await policy.call('policy.decision.can', { identity: identity.id, resource, action, sourceIp, at: at(clock) }))
          .isAllowed
      for (const { resource, actions } of bundle.matrix)
        for (const action of actions) {
          assert.equal(await isAllowed(resource, action, inside, from), true, `${bundle.name} ${action}`)
          assert.equal(await isAllowed(resource, action, '192.0.2.1', from), false)
          assert.equal(await isAllowed(resource, action, undefined, from), false)
          if (from !== to) assert.equal(await isAllowed(resource, action, inside, to), false)
        }
      for (const { name, actions } of resources)
        for (const { name: action } of actions) {
          const isListed = bundle.matrix.some(
            (line: { resource: string; actions: string[] }) => line.resource === name && line.actions.includes(action),
          )
          assert.equal(await isAllowed(name, action, inside, from), isListed, `${bundle.name} ${action}`)
        }
    }
  },
)
