import type { Cursors } from '../kit/cursor.ts'
import type { AnyDb } from '../kit/database.ts'
import { operationsOf } from '../kit/operation.ts'
import type { Random } from '../kit/random.ts'
import type { LifecycleTables } from './schema.ts'

/** What lifecycle must be told from outside. */
export interface LifecyclePorts {
  readonly cursors: Cursors
  readonly random: Random
  issuer(): string
  readonly teams: {
    find(db: AnyDb, idOrName: string): Promise<{ readonly id: string; readonly name: string } | undefined>
  }
}

/** Makes the operations of this room. */
export const operation = operationsOf<LifecycleTables, LifecyclePorts>()
