import type { AnyDb, AnyTx } from '../kit/database.ts'
import type { BrokerPorts, StopScope } from './room.ts'
import { liftStop, type NewStop, type Placed, placeStop } from './store-stop.ts'
import { liftFormer, moveOwner, type OwnerMove, stopFormer } from './store-tenure.ts'
import { type StoppedAt, unconfirmedBy } from './unconfirmed.ts'

// The clocks of replicas differ: a token may have been issued a little after the move, as the mover's clock tells it.
const SKEW_MS = 60_000

/** Inventory's port for stopping things. `tokenSecondsMax` is how long any token may live. */
export const createStopsPort = (
  given: Pick<BrokerPorts, 'random' | 'verifiers' | 'followers'> & { readonly tokenSecondsMax: number },
) => {
  const newId = () => given.random.id('stp')
  return {
    /** Stops a target; an owner with what names a former owner of what it has now. */
    stop: async (tx: AnyTx, stop: Omit<NewStop, 'id' | 'subject'> & { readonly id: string }): Promise<Placed> => {
      const placed = await placeStop(tx, { ...stop, id: newId(), subject: stop.id })
      const also = stop.scope === 'owner' ? await stopFormer(tx, stop.id, stop, newId) : undefined
      return also ?? placed
    },
    lift: async (tx: AnyTx, scope: StopScope, id: string, now: Date): Promise<Placed | undefined> => {
      const lifted = await liftStop(tx, scope, id, now)
      const also = scope === 'owner' ? await liftFormer(tx, id, now) : undefined
      return also ?? lifted
    },
    /** Tokens that name the former owner are the new one's to answer for. */
    moved: (tx: AnyTx, move: Omit<OwnerMove, 'until'>): Promise<Placed | undefined> =>
      moveOwner(tx, { ...move, until: new Date(move.now.getTime() + given.tokenSecondsMax * 1000 + SKEW_MS) }, newId),
    unconfirmed: (db: AnyDb, stopped: StoppedAt) => unconfirmedBy(db, given, stopped),
  }
}
