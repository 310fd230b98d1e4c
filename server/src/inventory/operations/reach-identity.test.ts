import assert from 'node:assert/strict'
import { bot, team } from '../../../test/inventory.ts'
import { openJudging, seenAs } from '../../../test/judging.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { sightingsSharing } from '../store-reach.ts'

const credential = { type: 'api-key', provider: 'AWS', fingerprint: 'b'.repeat(32), tail: '' }
const having = (key: string, more: object = {}) => {
  const path = `${key.replace(':', '-')}.env`
  const where = { path, line: 1, repository: 'estate', inRepository: path }
  return seenAs(key, { where, traits: [{ trait: 'aws:reach', detail: 'reads', where, credential }], ...more })
}
const reaching = (key: string) =>
  seenAs(key, { reaches: [{ what: 'aws:own', access: 'admin', because: 'it may become it' }] })

onEveryEngine('reach tells who else has a secret and who reaches an identity, while they are there', async (room) => {
  const { call, importing } = await openJudging(room)
  await call('inventory.team.create', team())
  await call('inventory.identity.create', bot('own'))
  for (const key of ['aws:own', 'aws:own-too']) await call('inventory.alias.add', { identity: 'own', key })
  const reach = async () => {
    const { users, reachedBy } = await call('inventory.identity.reach', { identity: 'own' })
    const names = (others: readonly { name: string }[]) => others.map(({ name }) => name).sort()
    return { users: names(users), reachedBy: names(reachedBy) }
  }
  const own = [having('aws:own'), having('aws:own-too')]
  await importing([...own, having('aws:other'), reaching('aws:stranger')])
  assert.deepEqual(await reach(), { users: ['aws:other'], reachedBy: ['aws:stranger'] })
  const { items } = await call('inventory.sighting.list', { identity: 'own' })
  const ids = items.map(({ id }: { id: string }) => id)
  assert.equal(ids.length, 2)
  const sharing = await sightingsSharing(room.database.reader, ids, 1)
  assert.deepEqual(
    sharing.map(({ name }) => name),
    ['aws:other'],
    'its own take no place of the few that are told',
  )
  await importing(own)
  assert.deepEqual(await reach(), { users: [], reachedBy: [] }, 'what is gone neither has nor reaches anything')
})

onEveryEngine('reach tells each place of a secret once, whatever else is said of it there', async (room) => {
  const { call, importing } = await openJudging(room)
  await call('inventory.team.create', team())
  await call('inventory.identity.create', bot('own'))
  for (const key of ['db:own', 'db:own-too']) await call('inventory.alias.add', { identity: 'own', key })
  const at = (line: number) => ({ path: 'shop.env', line, repository: 'estate', inRepository: 'shop.env' })
  const says = (trait: string, line: number, more: object = {}) => ({
    ...{ trait, detail: trait, where: at(line) },
    credential: { ...credential, ...more },
  })
  const another = { fingerprint: 'c'.repeat(32), tail: 'wxyz' }
  await importing([
    seenAs('db:own', {
      where: at(1),
      traits: [says('secret:database-url', 1), says('superuser', 1), says('plain-text-transport', 1)],
    }),
    seenAs('db:own-too', {
      where: at(2),
      traits: [says('secret:database-url', 1), says('secret:database-url', 2), says('secret:api-key', 2, another)],
    }),
  ])
  const { secrets } = await call('inventory.identity.reach', { identity: 'own' })
  assert.deepEqual(secrets.map(({ place, tail }: Record<string, string>) => `${place} ${tail}`).sort(), [
    'shop.env:1 ',
    'shop.env:2 ',
    'shop.env:2 wxyz',
  ])
})
