import assert from 'node:assert/strict'
import { fakeSubjects } from '../../../test/fakes/subjects.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { newCredential } from '../operations/new-credential.ts'
import { insertCredential } from '../store-credential.ts'
import { createClientMemory } from './client-memory.ts'

const NO_KEYS = { findInSet: async () => [] }

onEveryEngine('what was read before a signal is not kept after it', async ({ database }) => {
  const subjects = fakeSubjects()
  subjects.put('nhi_sync')
  let reads = 0
  const isRead = Promise.withResolvers<void>()
  const mayAnswer = Promise.withResolvers<void>()
  const slow = {
    find: async (db: typeof database.reader, id: string) => {
      const found = await subjects.find(db, id)
      if (reads++ > 0) return found
      isRead.resolve()
      await mayAnswer.promise
      return found
    },
  }
  const memory = createClientMemory({ db: database.reader, subjects: slow, clientKeys: NO_KEYS, clientsMax: 10 })
  const asked = memory.find('nhi_sync')
  await isRead.promise
  subjects.put('nhi_sync', { state: 'quarantined' })
  memory.dropIdentities(['nhi_sync'])
  mayAnswer.resolve()
  assert.equal((await asked)?.subject.state, 'quarantined')
  assert.equal((await memory.find('nhi_sync'))?.subject.state, 'quarantined')
})

onEveryEngine(
  'many who ask for one client ask the database once, and are told when it is gone',
  async ({ database }) => {
    const subjects = fakeSubjects()
    subjects.put('nhi_sync')
    let reads = 0
    let isGone = false
    const counted = {
      find: async (db: typeof database.reader, id: string) => {
        reads++
        if (isGone) throw new Error('connect ECONNREFUSED')
        return subjects.find(db, id)
      },
    }
    const memory = createClientMemory({ db: database.reader, subjects: counted, clientKeys: NO_KEYS, clientsMax: 10 })
    const found = await Promise.all(Array.from({ length: 1000 }, () => memory.find('nhi_sync')))
    assert.deepEqual([reads, found.every((client) => client?.subject.id === 'nhi_sync')], [1, true])
    isGone = true
    await assert.rejects(memory.reload('nhi_sync'), { code: 'unavailable' })
    isGone = false
    assert.equal((await memory.reload('nhi_sync'))?.subject.id, 'nhi_sync')
  },
)

onEveryEngine('credentials that are over push none out of memory that still works', async ({ database }) => {
  const subjects = fakeSubjects()
  const subject = subjects.put('nhi_sync')
  const now = new Date('2026-11-22T12:00:00Z')
  await database.write(async (tx) => {
    for (let at = 0; at < 110; at++) {
      const id = `crd_${at}`
      const given = { id, subject, kind: 'client-secret' as const, name: undefined, by: null }
      const [made, expiresAt] = [new Date(now.getTime() + at), new Date(now.getTime() + 1_000_000)]
      const credential = newCredential({ ...given, now: made, expiresAt }, { secretHash: `hash-${at}` })
      await insertCredential(tx, { ...credential, state: at === 0 ? 'active' : at % 2 === 0 ? 'retired' : 'revoked' })
    }
  })
  const memory = createClientMemory({ db: database.reader, subjects, clientKeys: NO_KEYS, clientsMax: 3 })
  const client = await memory.find('nhi_sync')
  assert.equal(client?.credentials.length, 101)
  assert.equal(client?.credentials[0]?.id, 'crd_0')
})

onEveryEngine('memory is bounded, forgets what was used longest ago, and drops by identity', async ({ database }) => {
  const subjects = fakeSubjects()
  const memory = createClientMemory({ db: database.reader, subjects, clientKeys: NO_KEYS, clientsMax: 3 })
  for (const name of ['a', 'b', 'c', 'a', 'd']) {
    subjects.put(`nhi_${name}`)
    await memory.find(`nhi_${name}`)
  }
  const held = () => ['a', 'b', 'c', 'd'].filter((name) => memory.has(`nhi_${name}`) && memory.has(name))
  assert.deepEqual(held(), ['a', 'c', 'd'])
  memory.dropIdentities(['nhi_c', 'nhi_unknown'])
  assert.deepEqual(held(), ['a', 'd'])
  memory.dropAll()
  assert.deepEqual(held(), [])
  assert.equal(await memory.find('nhi_nobody'), undefined)
})
