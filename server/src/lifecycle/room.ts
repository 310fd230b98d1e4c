import type { Cursors } from '../kit/cursor.ts'
import type { AnyDb } from '../kit/database.ts'
import { operationsOf } from '../kit/operation.ts'
import type { Random } from '../kit/random.ts'
import type { KitTables } from '../kit/schema.ts'
import type { LifecycleTables } from './schema.ts'

/** What lifecycle must be told from outside. */
export interface LifecyclePorts {
  readonly cursors: Cursors
  readonly random: Random
  issuer(): string
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
  /** The input as the named operation will see it, parsed; what is approved is then what is run. Throws a fault. */
  readonly operations: { parse(operation: string, input: unknown): unknown }
}

/** What lifecycle's own handles see: its tables, and the kit's single-use keys. */
export type LifecycleScope = LifecycleTables & Pick<KitTables, 'kit_once'>

/** Makes the operations of this room. */
export const operation = operationsOf<LifecycleScope, LifecyclePorts>()
