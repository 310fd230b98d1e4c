import type { AnyTx } from '../kit/database.ts'
import type { Revising } from './revision.ts'
import type { InventoryPorts } from './room.ts'
import { giveSightings } from './store-sighting.ts'

/** What tells the other rooms of identities that go to another team: what belongs to them goes along. */
export const tellMoved =
  (
    { stops, belongings }: Pick<InventoryPorts, 'stops' | 'belongings'>,
    given: { tx: AnyTx; by: string | null; now: Date },
  ): Revising['moved'] =>
  async (move) => {
    const { tx, by, now } = given
    await giveSightings(tx, move.identity, move.to)
    await belongings.give(tx, move.identity, move.to)
    const placed = await stops.moved(tx, { ...move, reason: 'its owner is quarantined', by, now })
    return placed?.signals ?? []
  }
