import assert from 'node:assert/strict'
import { openPolicy } from '../../../test/fakes/policy.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { isPrivileged } from '../domain/resource.ts'

onEveryEngine('each of the five standard bundles can be made as it is, and none needs an approval', async (room) => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_bot' })
  const { items } = await policy.call('policy.template.list', {})
  assert.equal(items.length, 5)
  for (const { resources, ...bundle } of items) {
    for (const resource of resources) {
      assert.ok(resource.actions.every(({ effect }: { effect: 'read' }) => !isPrivileged(effect)))
      const uri = `https://${resource.name}.example/`
      await policy.call('policy.resource.create', { ...resource, uri, environment: 'production' })
    }
    const made = await policy.call('policy.bundle.create', bundle)
    await policy.call('policy.grant.create', { identity: 'bot', bundle: made.name, expiresAt: '90d' })
  }
})
