import type { Transaction } from 'kysely'
import type { Signal } from '../kit/operation.ts'
import type { Identity } from './domain/identity.ts'
import { nextState, type Step } from './domain/state.ts'
import { fault } from './faults.ts'
import { descendantsOf } from './lineage.ts'
import type { InventoryPorts } from './room.ts'
import type { InventoryTables } from './schema.ts'
import { lockIdentity, updateIdentity } from './store-identity.ts'

/** Who stops or releases something, when and why. */
export interface Stopping {
  readonly tx: Transaction<InventoryTables>
  readonly ports: InventoryPorts
  readonly reason: string
  readonly by: string | null
  readonly now: Date
}

/** What was stopped or released: the identity itself, whoever went along, and the feed's number of the last of it. */
export interface Stopped {
  readonly after: Identity
  readonly along: readonly Identity[]
  readonly seq: number | null
  readonly signals: readonly Signal[]
}

/** The identity after a step of the table; throws `wrong_state` where there is none. */
export const moved = (
  identity: Identity,
  step: Step,
  given: { readonly reason: string | null; readonly by: string | null; readonly now: Date },
): Identity => {
  const state = nextState(identity, step)
  if (state === undefined) throw fault('wrong_state', { about: `${identity.name} is ${identity.state}` })
  const isStill = identity.state === 'quarantined' && state === 'quarantined'
  return {
    ...identity,
    state,
    stateBefore: state === 'quarantined' ? (isStill ? identity.stateBefore : identity.state) : null,
    stateReason: given.reason,
    stateAt: given.now,
    // What two people stopped is neither one's to release.
    stateBy: isStill && identity.stateBy !== given.by ? null : given.by,
    quarantinedWith: null,
  }
}

/** Quarantines a locked identity and all that descends from it: what it spawned has no rights but through it. */
export const quarantine = async (before: Identity, given: Stopping): Promise<Stopped> => {
  const after = moved(before, 'quarantine', given)
  await updateIdentity(given.tx, before, after)
  const placed = [await place(after, given)]
  const along: Identity[] = []
  for (const { id } of await descendantsOf(given.tx, before)) {
    const child = await lockIdentity(given.tx, id)
    if (child === undefined || child.state === 'quarantined' || nextState(child, 'quarantine') === undefined) continue
    const stopped = { ...moved(child, 'quarantine', given), quarantinedWith: before.id }
    await updateIdentity(given.tx, child, stopped)
    placed.push(await place(stopped, given))
    along.push(stopped)
  }
  return done(after, along, placed)
}

/** Releases a locked identity to exactly what it was before, and those that were quarantined along with it. */
export const release = async (before: Identity, given: Stopping): Promise<Stopped> => {
  if (before.quarantinedWith !== null)
    throw fault('wrong_state', { about: `it was quarantined with ${before.quarantinedWith}: release that one` })
  const after = moved(before, 'release', given)
  await updateIdentity(given.tx, before, after)
  const placed = [await lift(after, given)]
  const along: Identity[] = []
  for (const { id } of await descendantsOf(given.tx, before)) {
    const child = await lockIdentity(given.tx, id)
    if (child === undefined || child.quarantinedWith !== before.id) continue
    const released = moved(child, 'release', given)
    await updateIdentity(given.tx, child, released)
    placed.push(await lift(released, given))
    along.push(released)
  }
  return done(after, along, placed)
}

const place = (identity: Identity, { tx, ports, reason, by, now }: Stopping) =>
  ports.stops.stop(tx, { scope: 'identity', id: identity.id, verb: 'quarantine', reason, by, now, until: null })

// What goes back to disabled or requested may do nothing anyway; its state says so.
const lift = (identity: Identity, { tx, ports, now }: Stopping) => ports.stops.lift(tx, 'identity', identity.id, now)

const done = (
  after: Identity,
  along: readonly Identity[],
  placed: readonly ({ readonly seq: number; readonly signals: readonly Signal[] } | undefined)[],
): Stopped => ({
  after,
  along,
  seq: placed.findLast((each) => each !== undefined)?.seq ?? null,
  signals: [
    ...[after, ...along].map(({ id }) => ({ topic: 'identity', key: id })),
    ...placed.flatMap((each) => each?.signals ?? []),
  ],
})
