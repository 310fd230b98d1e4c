import type { Cursors } from '../kit/cursor.ts'
import type { AnyDb } from '../kit/database.ts'
import { operationsOf } from '../kit/operation.ts'
import type { ObserveTables } from './schema.ts'

/** What observe must be told from outside. */
export interface ObservePorts {
  readonly cursors: Cursors
  /** Whether this identity serves the resource with this URI, and so may report its use. */
  readonly resources: { isServedBy(uri: string, identityId: string): boolean }
  /** An identity's id and team, by id or name. */
  readonly identities: {
    find(
      db: AnyDb,
      idOrName: string,
    ): Promise<
      | {
          readonly id: string
          readonly name: string
          readonly environment: string
          readonly owner: { readonly id: string }
        }
      | undefined
    >
  }
  /** The log: its key, and a fresh checkpoint over everything committed. */
  readonly log: { readonly vkey: string; flush(): Promise<number> }
  /** Answers `why` for ids with a prefix (`dec`, `crd`, `grt`, `nhi` …): sentences and the events behind them. */
  readonly reasons: Readonly<Record<string, (db: AnyDb, id: string, now: Date) => Promise<Reason | undefined>>>
}

/** Why something is as it is: short sentences, what decided, and the next step. */
export interface Reason {
  readonly id: string
  readonly summary: string
  readonly because: readonly string[]
  readonly policies: readonly { readonly id: string; readonly text: string | null; readonly origin: string | null }[]
  readonly missing: readonly string[]
  /** The smallest change that would turn the answer, as YAML, where there is one. */
  readonly wouldAllow: string | null
  readonly next: string
}

/** Makes the operations of this room. */
export const operation = operationsOf<ObserveTables, ObservePorts>()
