import type { Transaction } from 'kysely'
import type { Caller } from '../../kit/operation.ts'
import type { BrokerPorts, StopScope } from '../room.ts'
import type { BrokerTables } from '../schema.ts'
import { placersOf } from '../store-stop.ts'

/** Refuses a release by whoever may not end each of the quarantines that hold the target now: it would end them all. */
export const needReleasable = async (
  tx: Transaction<BrokerTables>,
  ports: Pick<BrokerPorts, 'mustBeReleasable'>,
  target: { readonly scope: StopScope; readonly id: string },
  caller: Caller,
): Promise<void> => {
  for (const placedBy of await placersOf(tx, target.scope, target.id)) ports.mustBeReleasable(placedBy, caller)
}
