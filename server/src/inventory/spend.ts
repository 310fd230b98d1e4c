import type { AnyTx } from '../kit/database.ts'
import type { Needed } from '../settings.ts'
import type { InventoryPorts } from './room.ts'

/** What an approval is spent for. */
export interface Spending {
  readonly tx: AnyTx
  readonly now: Date
  readonly approval: string | undefined
  readonly operation: string
  /** What was approved: the input of the operation without the approval itself. */
  readonly input: unknown
  readonly requester: string | null
}

/** Spends the approval that came with a call; throws where it is missing. */
export const spend =
  (ports: InventoryPorts, given: Spending) =>
  async (needed: Needed): Promise<string> => {
    const { tx, ...rest } = given
    return (await ports.approvals.spend(tx, { ...rest, needed })).id
  }

/** As `spend`, but without an approval nothing is spent and nothing is approved. */
export const spendIfGiven =
  (ports: InventoryPorts, given: Spending) =>
  async (needed: Needed): Promise<string | undefined> =>
    given.approval === undefined ? undefined : spend(ports, given)(needed)
