import assert from 'node:assert/strict'
import { onEveryServer } from '../../server/test/process.ts'
import { createClient, ReeveError } from '../src/client/index.ts'

onEveryServer(
  'the client and the real server understand each other: pages, filters, repeats and refusals',
  async ({ server, admin: { token } }) => {
    const client = createClient({ baseUrl: server.url, token })
    const team = (name: string) => ({
      name,
      technicalContact: 'tech@example.com',
      businessContact: 'business@example.com',
      businessUnit: 'retail',
    })
    const names = ['alpha', 'beta', 'delta', 'gamma', 'omega']
    for (const name of names) await client.inventory.team.create(team(name))

    const listed: string[] = []
    for await (const { name } of client.items('inventory.team.list', { limit: 2 })) listed.push(name)
    assert.deepEqual(listed, names)

    const once = await client.inventory.team.create(team('sigma'), { idempotencyKey: 'repeat-1' })
    assert.deepEqual(await client.inventory.team.create(team('sigma'), { idempotencyKey: 'repeat-1' }), once)

    const filtered = await client.inventory.identity.list({ tags: { application: 'none' }, limit: 1 })
    assert.deepEqual(filtered.items, [])
    const sightings = await client.inventory.sighting.list({ unowned: true })
    assert.deepEqual(sightings.items, [])

    const refusals = [
      [() => client.inventory.identity.show({ identity: 'nobody' }), 404],
      [() => client.callByName('inventory.team.create', { name: 'X' }), 400],
      [() => client.callByName('inventory.team.unmake', {}), 404],
      [() => createClient({ baseUrl: server.url }).inventory.team.list(), 401],
    ] as const
    for (const [call, status] of refusals) {
      const error = await call().then(
        () => undefined,
        (reason: unknown) => reason,
      )
      assert.ok(error instanceof ReeveError)
      assert.equal(error.status, status)
      assert.ok(error.hint !== undefined && error.docs !== undefined && error.requestId !== undefined, error.code)
    }
  },
)
