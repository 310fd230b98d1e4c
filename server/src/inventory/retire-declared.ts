import type { AnyTx } from '../kit/database.ts'
import type { Signal } from '../kit/operation.ts'
import { nextState } from './domain/state.ts'
import { retire } from './ending.ts'
import type { InventoryPorts } from './room.ts'
import { lockIdentity } from './store-identity.ts'

/** Retires an identity that the directory which made it no longer declares; undefined when it had ended already. */
export const retireDeclared =
  (ports: InventoryPorts) =>
  async (
    tx: AnyTx,
    id: string,
    given: { readonly by: string | null; readonly now: Date; readonly reason: string },
  ): Promise<readonly Signal[] | undefined> => {
    const before = await lockIdentity(tx, id)
    if (before === undefined || nextState(before, 'retire') === undefined) return undefined
    const { signals } = await retire(before, { tx, ports, reason: given.reason, by: given.by, now: given.now })
    return signals
  }
