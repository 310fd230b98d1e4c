import assert from 'node:assert/strict'
import { openInventory, team } from '../../../test/inventory.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { findTeam } from '../find-subject.ts'

onEveryEngine('a team is created, shown, listed page by page and changed', async (room) => {
  const { call } = openInventory(room)
  const made = await call('team.create', team('b-team'))
  for (const name of ['a-team', 'c-team']) await call('team.create', team(name))
  assert.deepEqual(await call('team.show', { team: made.id }), made)
  assert.deepEqual(await findTeam(room.database.reader, 'b-team'), { id: made.id, name: 'b-team' })
  const first = await call('team.list', { limit: 2 })
  const second = await call('team.list', { limit: 2, cursor: first.nextCursor })
  assert.deepEqual(
    [...first.items, ...second.items].map((each: { name: string }) => each.name),
    ['a-team', 'b-team', 'c-team'],
  )
  assert.equal(second.nextCursor, null)
  const changed = await call('team.change', { team: 'b-team', technicalContact: 'new@example.com' })
  assert.equal(changed.technicalContact, 'new@example.com')
  assert.deepEqual((await room.events()).at(-1)?.change, [
    { field: 'technicalContact', before: 'on-call@example.com', after: 'new@example.com' },
  ])
  await assert.rejects(() => call('team.create', team('b-team')), { code: 'name_taken' })
})

onEveryEngine('each field of a team is mandatory, and a contact is an address', async (room) => {
  const { call } = openInventory(room)
  for (const field of ['name', 'technicalContact', 'businessContact', 'businessUnit'])
    await assert.rejects(
      () => call('team.create', { ...team(), [field]: undefined }),
      (error: { extras: { places: { pointer: string; detail: string }[] } }) => {
        assert.deepEqual(error.extras.places, [{ pointer: `/${field}`, detail: `${field} is mandatory` }])
        return true
      },
    )
  for (const technicalContact of ['nobody', 'a@', '@b', 'a b@c', 'a@b\n'])
    await assert.rejects(() => call('team.create', { ...team(), technicalContact }), { code: 'invalid_input' })
})
