import type { AnyTx } from '../kit/database.ts'
import type { Revising } from './revision.ts'
import type { Stops } from './room.ts'

/** What tells the broker of identities that go to another team. */
export const tellMoved =
  (stops: Pick<Stops, 'moved'>, given: { tx: AnyTx; by: string | null; now: Date }): Revising['moved'] =>
  async (move) => {
    const { tx, by, now } = given
    const placed = await stops.moved(tx, { ...move, reason: 'its owner is quarantined', by, now })
    return placed?.signals ?? []
  }
