import assert from 'node:assert/strict'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { sweepEnded } from '../jobs/sweep-ended.ts'
import { unconfirmedBy } from '../unconfirmed.ts'
import { createFollowerRoll } from './follower-roll.ts'
import { createStopBoard } from './stop-board.ts'

const replicaOf = ({ database, clock }: Room, replica: string) => {
  const board = createStopBoard(database.reader, clock)
  const roll = createFollowerRoll({ database, board, replica, clock })
  const ports = { verifiers: { reachedBy: async () => [] }, followers: roll.followers }
  return {
    ...{ board, roll },
    /** The open feeds in the answer of a stop that is made here. */
    named: async () => {
      const stopped = { seq: 1, identity: null, now: clock.now() }
      const all = await unconfirmedBy(database.reader, ports, stopped)
      return all.map(({ kind, name, lastHeardAt }) => [kind, name, lastHeardAt])
    },
  }
}

const feed = (address: string, openedAt: string) => ['connection', address, openedAt]

const countRows = async ({ database }: Room) =>
  (await database.reader.selectFrom('broker_follower').selectAll().execute()).length

onEveryEngine('a stop names the open feeds of every replica, an address once, with its newest feed', async (room) => {
  const [here, there] = [replicaOf(room, 'srv_here'), replicaOf(room, 'srv_there')]
  const first = room.clock.now().toISOString()
  here.board.follow('10.0.0.1')
  there.board.follow('10.0.0.1')
  const leave = there.board.follow('10.0.0.2')
  await there.roll.keep()
  assert.deepEqual(await here.named(), [feed('10.0.0.1', first), feed('10.0.0.2', first)])

  room.clock.advance(1_000)
  const second = room.clock.now().toISOString()
  there.board.follow('10.0.0.1')
  leave()
  await there.roll.keep()
  assert.deepEqual(await here.named(), [feed('10.0.0.1', second)], 'what was closed is gone with the next beat')
  assert.equal(await countRows(room), 1, 'one row a replica, however many follow')
})

onEveryEngine('the feeds of a replica that died stop counting by themselves, and its row is swept', async (room) => {
  const [here, dead] = [replicaOf(room, 'srv_here'), replicaOf(room, 'srv_dead')]
  const openedAt = room.clock.now().toISOString()
  dead.board.follow('10.0.0.2')
  await dead.roll.keep()
  for (let second = 0; second < 40; second += 2) {
    room.clock.advance(2_000)
    await dead.roll.keep()
  }
  assert.deepEqual(await here.named(), [feed('10.0.0.2', openedAt)], 'for as long as it is renewed')
  await sweepEnded(room.database, () => 'set_test').run(room.clock.now())
  assert.equal(await countRows(room), 1, 'what counts is not swept')
  room.clock.advance(29_999)
  assert.equal((await here.named()).length, 1)
  room.clock.advance(1)
  assert.deepEqual(await here.named(), [])
  await sweepEnded(room.database, () => 'set_test').run(room.clock.now())
  assert.equal(await countRows(room), 0)
})

onEveryEngine(
  'a replica that nobody follows writes nothing, and one that stops leaves nothing behind',
  async (room) => {
    const writes: unknown[] = []
    const write: Room['database']['write'] = (work) => {
      writes.push(work)
      return room.database.write(work)
    }
    const here = replicaOf({ ...room, database: { ...room.database, write } }, 'srv_here')
    await here.roll.keep()
    await here.roll.forget()
    assert.equal(writes.length, 0)
    const leave = here.board.follow('10.0.0.1')
    await here.roll.keep()
    leave()
    assert.deepEqual(await here.named(), [], 'of its own feeds it knows itself')
    await here.roll.keep()
    await here.roll.keep()
    assert.equal(writes.length, 2, 'kept once and forgotten once')
    here.board.follow('10.0.0.1')
    await here.roll.keep()
    await here.roll.forget()
    assert.equal(await countRows(room), 0)
  },
)

onEveryEngine('what a replica keeps is bounded, whatever its followers call themselves', async (room) => {
  const [here, there] = [replicaOf(room, 'srv_here'), replicaOf(room, 'srv_there')]
  for (let number = 0; number < 500; number++) there.board.follow(`${number} ${'x'.repeat(10_000)}`)
  await there.roll.keep()
  const named = await here.named()
  assert.equal(named.length, 100)
  const row = await room.database.reader.selectFrom('broker_follower').select('followers').executeTakeFirstOrThrow()
  assert.ok(row.followers.length < 15_000, `${row.followers.length} characters`)
})
