import assert from 'node:assert/strict'
import { revocationTarget } from '@reeve/sdk'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { liftStop, placeStop, sweepStops } from '../store-stop.ts'
import { createStopBoard } from './stop-board.ts'

const place = (
  room: Room,
  subject: string,
  verb: 'quarantine' | 'revoke' = 'quarantine',
  until: Date | null = null,
) => {
  const stop = { id: room.random.id('stp'), scope: 'identity', subject, verb, reason: 'test', by: null, until } as const
  return room.database.write((tx) => placeStop(tx, { ...stop, now: room.clock.now() }))
}
const lift = (room: Room, subject: string) =>
  room.database.write((tx) => liftStop(tx, 'identity', subject, room.clock.now()))
const later = (room: Room, seconds: number) => new Date(room.clock.now().getTime() + seconds * 1000)
const targetOf = (subject: string) => revocationTarget('identity', subject)

onEveryEngine('the feed is gapless, whoever stops what at the same time', async (room) => {
  const board = createStopBoard(room.database.reader, room.clock)
  await board.load()
  const heard: number[] = []
  board.onEntries((entries) => heard.push(...(entries ?? []).map(({ seq }) => seq)))
  await Promise.all(Array.from({ length: 40 }, (_, at) => place(room, `nhi_${at % 7}`)))
  await board.advance()
  assert.deepEqual(
    heard,
    Array.from({ length: 40 }, (_, at) => at + 1),
  )
  assert.equal(board.seq(), 40)
  const page = JSON.parse(board.page(37))
  assert.deepEqual([page.snapshot, page.entries.map((entry: { seq: number }) => entry.seq)], [false, [38, 39, 40]])
})

onEveryEngine('a replica that starts later holds the same as one that followed', async (room) => {
  const follower = createStopBoard(room.database.reader, room.clock)
  await follower.load()
  await place(room, 'nhi_a')
  await place(room, 'nhi_b')
  await place(room, 'nhi_c', 'revoke', later(room, 600))
  await lift(room, 'nhi_a')
  await follower.advance()
  const starter = createStopBoard(room.database.reader, room.clock)
  await starter.load()
  const inForce = (text: string) =>
    JSON.parse(text)
      .entries.map(({ target }: { target: string }) => target)
      .sort()
  assert.deepEqual(inForce(starter.page(undefined)), inForce(follower.page(undefined)))
  assert.deepEqual(inForce(starter.page(undefined)), [targetOf('nhi_b'), targetOf('nhi_c')].sort())
  for (const board of [follower, starter]) {
    const now = room.clock.now().getTime()
    assert.deepEqual(
      ['nhi_a', 'nhi_b', 'nhi_c'].map((id) => board.isStopped(targetOf(id), now)),
      [false, true, true],
    )
    assert.equal(board.isStopped(targetOf('nhi_c'), now + 600_000), false)
  }
})

onEveryEngine('releasing a quarantine leaves what was revoked as well revoked', async (room) => {
  const board = createStopBoard(room.database.reader, room.clock)
  await place(room, 'nhi_a')
  await place(room, 'nhi_a', 'revoke', later(room, 600))
  await board.load()
  const [both] = JSON.parse(board.page(undefined)).entries
  assert.deepEqual([both.verb, both.until], ['revoke', null], 'the longest of both holds')
  assert.equal((await lift(room, 'nhi_a'))?.seq, 3)
  await board.advance()
  const [rest] = JSON.parse(board.page(undefined)).entries
  assert.deepEqual([rest.verb, rest.until], ['revoke', Math.ceil(later(room, 600).getTime() / 1000)])
  assert.equal(board.isStopped(targetOf('nhi_a'), room.clock.now().getTime()), true)
  assert.equal(await lift(room, 'nhi_a'), undefined)
  assert.equal(await lift(room, 'nhi_nobody'), undefined)
  const next = await place(room, 'nhi_b')
  assert.equal(next.seq, 4, 'a release that released nothing leaves no gap')
})

onEveryEngine('a since that is missing, too old or ahead of the feed gives everything in force', async (room) => {
  for (let at = 0; at < 5; at++) await place(room, `nhi_${at}`)
  room.clock.advance(48 * 3_600_000)
  await place(room, 'nhi_5')
  await room.database.write((tx) => sweepStops(tx, { stops: later(room, -3600), feed: later(room, -3600) }))
  const board = createStopBoard(room.database.reader, room.clock)
  await board.load()
  await place(room, 'nhi_6')
  await board.advance()
  for (const since of [undefined, 0, 4, 999]) {
    const page = JSON.parse(board.page(since))
    assert.deepEqual([page.seq, page.snapshot, page.entries.length], [7, true, 7], String(since))
  }
  assert.deepEqual(
    JSON.parse(board.page(6)).entries.map(({ seq }: { seq: number }) => seq),
    [7],
  )
})

onEveryEngine('V2: a replica that stood still while the feed was swept reads everything again', async (room) => {
  const board = createStopBoard(room.database.reader, room.clock)
  await board.load()
  let isToldToReload = false
  board.onEntries((entries) => {
    isToldToReload ||= entries === undefined
  })
  await place(room, 'nhi_a')
  await place(room, 'nhi_b')
  room.clock.advance(48 * 3_600_000)
  await room.database.write((tx) => sweepStops(tx, { stops: later(room, -3600), feed: later(room, -3600) }))
  await place(room, 'nhi_c')
  await board.advance()
  assert.equal(isToldToReload, true)
  assert.equal(board.seq(), 3)
  assert.equal(JSON.parse(board.page(undefined)).entries.length, 3)
})

onEveryEngine('what ended is swept from the database and from the answer', async (room) => {
  const board = createStopBoard(room.database.reader, room.clock)
  await place(room, 'nhi_a', 'revoke', later(room, 60))
  await place(room, 'nhi_b')
  await board.load()
  room.clock.advance(200_000)
  assert.equal(JSON.parse(board.page(undefined)).entries.length, 1)
  await room.database.write((tx) => sweepStops(tx, { stops: room.clock.now(), feed: room.clock.now() }))
  const rows = await room.database.reader.selectFrom('broker_stop').select('subject').execute()
  assert.deepEqual(
    rows.map(({ subject }) => subject),
    ['nhi_b'],
  )
})
