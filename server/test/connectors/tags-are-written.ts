import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { openLive } from '../live.ts'
import { declaredBot } from '../plugged.ts'
import type { Room } from '../room.ts'
import { type FakeVendor, startVendor } from './fake-vendor.ts'

/** A vendor whose tags are written, told by its fake. */
export interface TaggedVendor {
  readonly fake: FakeVendor
  /** The stable key of something there, and its tags as they are now. */
  readonly key: string
  tags(): Readonly<Record<string, string>>
  /** How the vendor writes a tag of ours. */
  own(name: string): string
  /** Changes a tag there. */
  set(tag: string, value: string): void
  /** The part that a request which writes is of. */
  readonly writes: string
}

/** Read-only writes nothing, propose shows what it would write, enforce writes that and nothing else, each on record. */
export const tagsAreWritten = async (room: Room, t: TestContext, tagged: TaggedVendor): Promise<void> => {
  const { fake, key, tags, own } = tagged
  const vendor = await startVendor(t, fake)
  const live = await openLive(room)
  const asked = () => vendor.asked.filter((request) => fake.partOf(request) === tagged.writes).length
  const mode = (name: string) => live.call('inventory.connector.change', { connector: 'live', mode: name })
  const input = { name: 'live', vendor: fake.vendor, settings: fake.settings(vendor.url), secret: fake.secret }
  await live.call('inventory.connector.add', input)
  const before = { ...tags() }
  assert.deepEqual((await live.run('live')).writes, [])
  await mode('propose')
  assert.deepEqual((await live.run('live')).writes, [], 'what nobody has adopted is not tagged')

  const contacts = { technicalContact: 'tech@example.com', businessContact: 'business@example.com' }
  await live.call('inventory.team.create', { name: 'team-a', ...contacts, businessUnit: 'shop' })
  const { id } = await live.call('inventory.identity.create', declaredBot('orders-sync'))
  const seen = (await live.call('inventory.sighting.list', { limit: 200 })).items
  const sighting = seen.find((each: { stableKey: string }) => each.stableKey === key).id
  await live.call('inventory.sighting.link', { sighting, identity: 'orders-sync' })

  const set = {
    ...{ identity: 'orders-sync', owner: 'team-a', environment: 'production' },
    ...{ application: 'orders', 'business-unit': 'shop' },
  }
  assert.deepEqual((await live.run('live')).writes, [{ key, identity: id, set, state: 'proposed', why: null }])
  assert.deepEqual([asked(), tags()], [0, before], 'what is proposed is not written')
  await mode('read-only')
  assert.deepEqual((await live.run('live')).writes, [])

  await mode('enforce')
  assert.deepEqual((await live.run('live')).writes, [{ key, identity: id, set, state: 'written', why: null }])
  const ours = Object.fromEntries(Object.entries(set).map(([name, value]) => [own(name), value]))
  assert.deepEqual(tags(), { ...before, ...ours }, 'what else it is tagged with stays')
  const told = (await room.events()).filter(({ kind }) => kind === 'inventory.connector.tag')
  assert.deepEqual(
    told.map(({ on, change, evidence }) => [on?.id, change.length, evidence.key]),
    [[id, 5, key]],
  )
  assert.deepEqual((await live.run('live')).writes, [], 'what is as it should be is left alone')

  tagged.set(own('owner'), 'somebody-else')
  vendor.trouble.set(tagged.writes, 'forbids')
  const [failed] = (await live.run('live')).writes
  assert.deepEqual([failed.state, failed.set], ['failed', { owner: 'team-a' }])
  assert.match(failed.why, /403/)
  vendor.trouble.delete(tagged.writes)
  assert.equal((await live.run('live')).writes[0].state, 'written')
  const [, , last] = (await room.events()).filter(({ kind }) => kind === 'inventory.connector.tag')
  assert.deepEqual(last?.change, [{ field: 'tag owner', before: 'somebody-else', after: 'team-a' }])
}
