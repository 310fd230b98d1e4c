import assert from 'node:assert/strict'
import { rounds } from '../../test/rounds.ts'
import { createChanges } from '../src/kit/changes.ts'
import { createHot } from '../src/kit/hot.ts'
import { createLog } from '../src/kit/log.ts'
import type { EventDraft } from '../src/ledger/event.ts'
import { createTokenDecider } from '../src/policy/decide/decide-token.ts'
import { draft } from './event-draft.ts'
import { openPolicy, type PolicyBench } from './fakes/policy.ts'
import { resourceInput } from './fakes/resources.ts'
import { onEveryEngine, type Room } from './room.ts'

// The delays of the bar are steps here and not milliseconds: a replica hears of a change some writes later, or never, and
// a check is under way while they happen.

// The bar asks for 10,000, which take half an hour on PostgreSQL: REEVE_TEST_C1_ROUNDS=10000 is for a night, and CI runs 600.
const ROUNDS = Number(process.env.REEVE_TEST_C1_ROUNDS ?? rounds({ quick: 40, full: 600 }))
const DELAY_MAX = 3

interface Replica {
  readonly room: Room
  readonly policy: PolicyBench
  /** Asks on this replica as the hot path does. */
  check(): Promise<boolean>
  /** What this replica's memory says by itself. */
  remembered(): boolean
}

onEveryEngine('C1: what was denied before a resource was written is allowed by no replica after it', async (room) => {
  const first = await replicaOf(room)
  const replicas = [first, await replicaOf(apart(room)), await replicaOf(apart(room))]
  const { call } = first.policy
  const resource = resourceInput('orders')
  await call('policy.resource.create', resource)
  const chance = chanceOf(41)
  let [stale, staleAlone, allowed, isServed] = [0, 0, 0, false]
  for (let round = 0; round < ROUNDS; round++) {
    const terms = { identity: 'sync', resource: 'orders', actions: ['orders.read'], expiresAt: '30d' }
    const { id } = await call('policy.grant.create', terms)
    for (const replica of replicas) {
      await replica.room.changes.catchUp()
      await replica.policy.memory.warm('nhi_sync')
    }
    const at = () => replicas[chance(replicas.length)] ?? first
    if (await at().check()) allowed++
    const write = () => {
      isServed = !isServed
      return call('policy.resource.change', { resource: 'orders', servedBy: isServed ? ['sync'] : [] })
    }
    const deny = () => call('policy.grant.revoke', { grant: id, reason: 'no longer' })
    const steps = chance(3) === 0 ? [write, deny, write] : [deny, write]
    const underWay = await takeSteps(steps, replicas, { chance, at })
    // All of this begins after the denial, and the write after it, were acknowledged.
    if (replicas.some((replica) => replica.remembered())) staleAlone++
    const checks = Array.from({ length: 1 + chance(3) }, () => at().check())
    stale += (await Promise.all(checks)).filter(Boolean).length
    await Promise.all(underWay)
  }
  assert.deepEqual([stale, allowed], [0, ROUNDS])
  // Without asking what was committed meanwhile, a memory that has not heard of it would allow.
  assert.ok(staleAlone > ROUNDS / 4, `${staleAlone} of ${ROUNDS} would have been stale`)
})

/** Takes the steps, with checks beside them; each replica hears of them after one of them, or not at all. */
const takeSteps = async (
  steps: readonly (() => Promise<unknown>)[],
  replicas: readonly Replica[],
  by: { readonly chance: (below: number) => number; readonly at: () => Replica },
): Promise<Promise<boolean>[]> => {
  const hears = replicas.map(() => by.chance(DELAY_MAX + 1))
  const underWay: Promise<boolean>[] = []
  for (const [step, work] of steps.entries()) {
    if (by.chance(2) === 0) underWay.push(by.at().check())
    await work()
    for (const [which, replica] of replicas.entries()) if (hears[which] === step) await replica.room.changes.catchUp()
  }
  return underWay
}

/** The same database, with a memory of its own that nobody wakes. */
const apart = (room: Room): Room => {
  const { database, clock, random } = room
  const changes = createChanges(database, clock, createLog('silent'))
  const log = createLog('silent')
  return { ...room, changes, hot: createHot({ database, changes, clock, random, log, committed: () => undefined }) }
}

const replicaOf = async (room: Room): Promise<Replica> => {
  const policy = await openPolicy(room)
  policy.identities.put({ id: 'nhi_sync' })
  const decide = createTokenDecider(policy.memory, room.random)
  const ask = () =>
    decide({
      subject: { id: 'nhi_sync', environment: 'production' },
      resource: { id: policy.memory.resource('orders')?.id ?? '' },
      actions: ['orders.read'],
      credential: { kind: 'public-key' },
      instance: null,
      sourceIp: '10.0.0.7',
      now: room.clock.now(),
    })
  return {
    room,
    policy,
    remembered: () => ask().isAllowed,
    check: () =>
      room.hot.run({
        judge: () => {
          const { isAllowed, decision, kept } = ask()
          return { drafts: [draftOf(isAllowed, decision)], kept, value: isAllowed }
        },
        isOvertaken: (recorded, newest) => recorded && !newest,
      }),
  }
}

const draftOf = (isAllowed: boolean, decision: EventDraft['decision']): EventDraft =>
  draft('broker.token.issue', {
    outcome: isAllowed ? 'done' : 'refused',
    actor: { principalType: 'nhi', id: 'nhi_sync', name: 'sync' },
    decision,
  })

/** Numbers below a bound, the same in each run. */
const chanceOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 16) % below
  }
}
