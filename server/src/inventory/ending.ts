import type { Signal } from '../kit/operation.ts'
import type { Identity } from './domain/identity.ts'
import { daysAfter } from './domain/moment.ts'
import { nextState } from './domain/state.ts'
import { descendantsOf } from './lineage.ts'
import { moved, type Stopping } from './stopping.ts'
import { lockIdentity, updateIdentity } from './store-identity.ts'

/** What ended: the identity, its descendants, and what every replica must be told. */
export interface Ended {
  readonly after: Identity
  readonly along: readonly Identity[]
  readonly signals: readonly Signal[]
}

// Longer than any token lives; after that there is nothing left that a verifier could accept.
const STOP_DAYS = 1

/** Retires a locked identity and its descendants: their credentials and grants end, and nothing issued is accepted. */
export const retire = async (before: Identity, given: Stopping): Promise<Ended> => {
  const ended = [await end(before, given)]
  for (const { id } of await descendantsOf(given.tx, before)) {
    const child = await lockIdentity(given.tx, id)
    if (child !== undefined && nextState(child, 'retire') !== undefined) ended.push(await end(child, given))
  }
  return toEnded(ended)
}

/** Disables a locked identity whose expiry has come; it may be activated again with a new expiry. */
export const expire = async (before: Identity, given: Stopping): Promise<Ended> => {
  const { tx, ports, reason, by, now } = given
  const after = moved(before, 'expire', given)
  await updateIdentity(tx, before, after)
  const until = daysAfter(now, STOP_DAYS)
  const placed = await ports.stops.stop(tx, {
    scope: 'identity',
    id: after.id,
    verb: 'quarantine',
    reason,
    by,
    now,
    until,
  })
  return toEnded([{ after, signals: placed.signals }])
}

const end = async (before: Identity, given: Stopping) => {
  const { tx, ports, reason, by, now } = given
  const after = moved(before, 'retire', given)
  await updateIdentity(tx, before, after)
  const endings = await ports.endings.retire(tx, after.id, reason, now)
  const until = daysAfter(now, STOP_DAYS)
  const placed = await ports.stops.stop(tx, { scope: 'identity', id: after.id, verb: 'revoke', reason, by, now, until })
  return { after, signals: [...endings, ...placed.signals] }
}

const toEnded = (ended: readonly { after: Identity; signals: readonly Signal[] }[]): Ended => {
  const [first, ...rest] = ended
  if (first === undefined) throw new Error('something always ends')
  return {
    after: first.after,
    along: rest.map((each) => each.after),
    signals: ended.flatMap(({ after, signals }) => [{ topic: 'identity', key: after.id }, ...signals]),
  }
}
