import assert from 'node:assert/strict'
import { revocationTarget, tenureOf } from '@reeve/sdk'
import fc from 'fast-check'
import { onEveryEngine, type Room } from '../../test/room.ts'
import type { AnyTx } from '../kit/database.ts'
import { createStopBoard } from './memory/stop-board.ts'
import { createStopsPort } from './stops-port.ts'
import { sweepTenures } from './store-tenure.ts'

const IDENTITIES = ['nhi_a', 'nhi_b', 'nhi_c']
const TEAMS = ['team_1', 'team_2', 'team_3']
const TOKEN_SECONDS = 3_600

const anIdentity = fc.constantFrom(...IDENTITIES)
const aTeam = fc.constantFrom(...TEAMS)
const step = fc.oneof(
  fc.record({ what: fc.constant('move' as const), identity: anIdentity, to: aTeam }),
  fc.record({ what: fc.constant('toggle' as const), team: aTeam }),
)

type Step =
  | { readonly what: 'move'; readonly identity: string; readonly to: string }
  | { readonly what: 'toggle'; readonly team: string }

const open = (room: Room) => {
  const port = createStopsPort({
    random: room.random,
    verifiers: { reachedBy: async () => [] },
    followers: async () => [],
    tokenSecondsMax: TOKEN_SECONDS,
  })
  const now = () => room.clock.now()
  const given = { reason: 'test', by: null }
  return {
    move: (identity: string, from: string, to: string) =>
      room.database.write((tx: AnyTx) => port.moved(tx, { ...given, identity, from, to, now: now() })),
    stop: (id: string) =>
      room.database.write((tx: AnyTx) =>
        port.stop(tx, { ...given, scope: 'owner', id, verb: 'quarantine', now: now(), until: null }),
      ),
    lift: (id: string) => room.database.write((tx: AnyTx) => port.lift(tx, 'owner', id, now())),
  }
}

onEveryEngine(
  'whatever moves and quarantines came before, a token is stopped exactly while its present or its named owner is',
  async (room) => {
    const { move, stop, lift } = open(room)
    const board = createStopBoard(room.database.reader, room.clock)
    await board.load()
    const owner = new Map(IDENTITIES.map((identity) => [identity, 'team_1']))
    const named = new Map(IDENTITIES.map((identity) => [identity, new Set(['team_1'])]))
    const stopped = new Set<string>()
    const take = async (each: Step): Promise<void> => {
      if (each.what === 'toggle') {
        await (stopped.has(each.team) ? lift : stop)(each.team)
        if (!stopped.delete(each.team)) stopped.add(each.team)
        return
      }
      const from = owner.get(each.identity) ?? ''
      if (from !== each.to) await move(each.identity, from, each.to)
      owner.set(each.identity, each.to)
      named.get(each.identity)?.add(each.to)
    }
    const check = (identity: string, team: string): void => {
      const isStopped = (name: string) => board.isStopped(revocationTarget('owner', name), room.clock.now().getTime())
      const due = stopped.has(team) || stopped.has(owner.get(identity) ?? '')
      assert.equal(isStopped(team) || isStopped(tenureOf(identity, team)), due, `${identity} under ${team}`)
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        for (const each of steps) {
          await take(each)
          await board.advance()
          for (const [identity, teams] of named) for (const team of teams) check(identity, team)
        }
      }),
      { numRuns: 25 },
    )
  },
)

onEveryEngine('of a move and a quarantine at the same moment the second sees the first', async (room) => {
  const { move, stop } = open(room)
  const board = createStopBoard(room.database.reader, room.clock)
  const pairs = Array.from({ length: 20 }, (_, at) => ({ identity: `nhi_${at}`, from: `old_${at}`, to: `new_${at}` }))
  await Promise.all(pairs.flatMap(({ identity, from, to }) => [stop(to), move(identity, from, to)]))
  await board.load()
  for (const { identity, from } of pairs)
    assert.ok(board.isStopped(revocationTarget('owner', tenureOf(identity, from)), room.clock.now().getTime()))
})

onEveryEngine(
  'hundreds that moved are stopped by one quarantine, and forgotten when their tokens ended',
  async (room) => {
    const { move, stop } = open(room)
    for (let at = 0; at < 600; at++) await move(`nhi_${at}`, 'old', 'new')
    const { seq } = await stop('new')
    assert.equal(seq, 601)
    room.clock.advance((TOKEN_SECONDS + 61) * 1000)
    await room.database.write((tx: AnyTx) => sweepTenures(tx, room.clock.now()))
    assert.deepEqual(await room.database.reader.selectFrom('broker_tenure').selectAll().execute(), [])
    const board = createStopBoard(room.database.reader, room.clock)
    await board.load()
    assert.ok(!board.isStopped(revocationTarget('owner', tenureOf('nhi_7', 'old')), room.clock.now().getTime()))
  },
)
