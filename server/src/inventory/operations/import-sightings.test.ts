import assert from 'node:assert/strict'
import { APPROVAL, bot, openInventory, team } from '../../../test/inventory.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { seenByScans } from '../store-sighting.ts'

const where = {
  path: '.github/workflows/deploy.yml',
  line: 12,
  repository: 'acme',
  inRepository: '.github/workflows/deploy.yml',
}

const sighting = (stableKey: string, name = 'deploy', change: object = {}) => ({
  source: 'github-actions',
  kind: 'ci-job',
  name,
  stableKey,
  repository: 'acme',
  where,
  alsoAt: [],
  reaches: [{ what: 'the cluster', access: 'write', because: 'kubectl apply' }],
  evidence: ['a job that deploys'],
  environment: { value: 'production', because: 'its name' },
  ownerHint: null,
  traits: [{ trait: 'static-key', detail: 'AWS key', where }],
  ...change,
})

const NOTHING = {
  ...{ created: 0, seenAgain: 0, changed: 0, joined: 0, ambiguous: 0, gone: 0, unmanaged: 0, unowned: 0 },
}

type Named = { name: string; id: string; stableKey: string }

onEveryEngine('sightings are joined by their stable key, never by their name', async (room) => {
  const { call } = openInventory(room)
  const owned = { ownerHint: { value: '@acme/platform', because: 'CODEOWNERS line 3' } }
  const sightings = [sighting('key-1'), sighting('key-2'), sighting('key-3', 'nightly', owned), sighting('key-1')]
  assert.deepEqual(await call('sighting.import', { sightings }), { ...NOTHING, created: 3, unmanaged: 3, unowned: 2 })
  room.clock.advance(60_000)
  const again = await call('sighting.import', { sightings: [sighting('key-1', 'renamed'), sighting('key-4')] })
  assert.deepEqual(again, { ...NOTHING, created: 1, seenAgain: 1, changed: 1, unmanaged: 2, unowned: 2 })
  const all = (await call('sighting.list', {})).items
  assert.deepEqual(all.map((each: Named) => [each.stableKey, each.name]).sort(), [
    ['key-1', 'renamed'],
    ['key-2', 'deploy'],
    ['key-3', 'nightly'],
    ['key-4', 'deploy'],
  ])
  const seen = all.find((each: Named) => each.stableKey === 'key-1')
  assert.deepEqual([seen.firstSeenAt, seen.lastSeenAt], ['2026-11-22T12:00:00.000Z', '2026-11-22T12:01:00.000Z'])
  assert.deepEqual(seen.places, ['.github/workflows/deploy.yml:12'])
})

onEveryEngine('sightings are listed page by page, narrowed to what is unmanaged and what nobody owns', async (room) => {
  const { call } = openInventory(room)
  const owned = { ownerHint: { value: '@acme/platform', because: 'CODEOWNERS line 3' } }
  const sightings = Array.from({ length: 7 }, (_, i) => sighting(`key-${i}`, `job-${i}`, i % 2 === 0 ? {} : owned))
  await call('sighting.import', { sightings })
  const names: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await call('sighting.list', { unowned: true, limit: 3, cursor })
    names.push(...page.items.map((each: Named) => each.name))
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  assert.deepEqual(names, ['job-0', 'job-2', 'job-4', 'job-6'])
  assert.equal((await call('sighting.list', { source: 'compose' })).items.length, 0)
  await assert.rejects(() => call('sighting.list', { cursor: 'forged.AAAA' }), { code: 'bad_cursor' })
})

onEveryEngine(
  'an adopted sighting is an identity with all that creation asks for, and stays it when seen again',
  async (room) => {
    const { call } = openInventory(room)
    await call('team.create', team())
    await call('sighting.import', { sightings: [sighting('key-1')] })
    const [{ id }] = (await call('sighting.list', { state: 'unmanaged' })).items
    await assert.rejects(() => call('sighting.adopt', { sighting: id, name: 'deploy' }), { code: 'invalid_input' })
    const identity = await call('sighting.adopt', { sighting: id, ...bot('deploy'), kind: 'ci-job' })
    assert.deepEqual([identity.name, identity.state], ['deploy', 'active'])
    assert.deepEqual((await call('sighting.list', { state: 'unmanaged' })).items, [])
    const seen = await call('sighting.import', { sightings: [sighting('key-1', 'renamed')] })
    assert.deepEqual(seen, { ...NOTHING, seenAgain: 1, changed: 1 })
    const [managed] = (await call('sighting.list', { identity: 'deploy' })).items
    assert.deepEqual([managed.identity, managed.state, managed.name], [identity.id, 'managed', 'renamed'])
    assert.equal((await call('sighting.list', { unowned: false })).items.length, 1)
    await assert.rejects(() => call('sighting.adopt', { sighting: id, ...bot('other'), approval: APPROVAL }), {
      code: 'sighting_managed',
    })
    await assert.rejects(() => call('identity.show', { identity: 'other' }), { code: 'not_found' })
    await assert.rejects(() => call('sighting.adopt', { sighting: 'sig_none', ...bot('other') }), { code: 'not_found' })
  },
)

onEveryEngine('a sighting is linked to an identity that exists, once', async (room) => {
  const { call } = openInventory(room)
  await call('team.create', team())
  const identity = await call('identity.create', bot())
  await call('sighting.import', { sightings: [sighting('key-1')] })
  const seen = () => seenByScans(room.database.reader, [identity.id, 'nhi_none'])
  assert.deepEqual(await seen(), [])
  const [{ id }] = (await call('sighting.list', {})).items
  const linked = await call('sighting.link', { sighting: id, identity: 'orders-sync' })
  assert.deepEqual([linked.identity, linked.state], [identity.id, 'managed'])
  assert.deepEqual([await seen(), await seenByScans(room.database.reader, [])], [[identity.id], []])
  await assert.rejects(() => call('sighting.link', { sighting: id, identity: 'orders-sync' }), {
    code: 'sighting_managed',
  })
  await assert.rejects(() => call('sighting.link', { sighting: 'sig_none', identity: 'orders-sync' }), {
    code: 'not_found',
  })
  await assert.rejects(() => call('sighting.link', { sighting: id, identity: 'nobody' }), { code: 'not_found' })
})

onEveryEngine('a batch beyond 500, or with what no scan prints, is refused', async (room) => {
  const { call } = openInventory(room)
  const many = Array.from({ length: 501 }, (_, i) => sighting(`key-${i}`))
  await assert.rejects(() => call('sighting.import', { sightings: many }), { code: 'invalid_input' })
  await assert.rejects(() => call('sighting.import', { sightings: [sighting('key', 'x', { secret: 'x' })] }), {
    code: 'invalid_input',
  })
  await assert.rejects(() => call('sighting.import', { sightings: [sighting('')] }), { code: 'invalid_input' })
  assert.equal((await call('sighting.import', { sightings: many.slice(0, 500) })).created, 500)
})
