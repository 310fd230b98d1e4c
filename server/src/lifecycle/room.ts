import type { Cursors } from '../kit/cursor.ts'
import type { AnyDb, AnyTx } from '../kit/database.ts'
import { type Caller, operationsOf } from '../kit/operation.ts'
import type { Random } from '../kit/random.ts'
import type { KitTables } from '../kit/schema.ts'
import type { ReportedFinding } from '../reported-finding.ts'
import type { Approvals } from './approvals.ts'
import type { LifecycleTables } from './schema.ts'

/** What lifecycle must be told from outside. */
export interface LifecyclePorts {
  readonly cursors: Cursors
  readonly random: Random
  issuer(): string
  /** Counts the codes of waiting logins that one person names; the seconds to wait once these are too many. */
  readonly codesNamed: { take(person: string): number | undefined }
  readonly teams: {
    find(db: AnyDb, idOrName: string): Promise<{ readonly id: string; readonly name: string } | undefined>
  }
  /** An identity's tier and owner, by id or name: how many must approve what is about it, and who. */
  readonly identities: {
    find(
      db: AnyDb,
      idOrName: string,
    ): Promise<
      | {
          readonly id: string
          readonly name: string
          readonly tier: 'low' | 'medium' | 'high'
          readonly owner: { readonly id: string }
        }
      | undefined
    >
  }
  /** A resource's owner, by id: one side of an exception to the isolation of environments. */
  readonly resources: {
    find(
      db: AnyDb,
      idOrName: string,
    ): Promise<{ readonly id: string; readonly name: string; readonly owner: string | null } | undefined>
  }
  readonly approvals: Approvals
  readonly findings: { report(tx: AnyTx, findings: readonly ReportedFinding[], now: Date): Promise<void> }
  /** Calls of any room's operations, to be tried out. */
  readonly calls: {
    /**
     * A call of the named operation with this approval, ready to be tried out by this caller: its input as the
     * operation will see it, so that what is approved is what is run. Undefined where the operation takes no approval.
     */
    rehearsal(call: {
      readonly operation: string
      readonly input: Readonly<Record<string, unknown>>
      readonly approval: string
      readonly caller: Caller
    }): Promise<{ readonly input: unknown; run(tx: AnyTx): Promise<void> } | undefined>
  }
}

/** What lifecycle's own handles see: its tables, and the kit's single-use keys. */
export type LifecycleScope = LifecycleTables & Pick<KitTables, 'kit_once'>

/** Makes the operations of this room. */
export const operation = operationsOf<LifecycleScope, LifecyclePorts>()
