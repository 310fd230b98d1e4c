import type { Cursors } from '../kit/cursor.ts'
import type { AnyDb, AnyTx } from '../kit/database.ts'
import { type Caller, operationsOf, type Subject } from '../kit/operation.ts'
import type { Random } from '../kit/random.ts'
import type { LedgerTables } from '../ledger/schema.ts'
import type { SeenConsumer } from './domain/uses-in.ts'
import type { ObserveTables } from './schema.ts'

/** What observe must be told from outside. */
export interface ObservePorts {
  readonly cursors: Cursors
  readonly random: Random
  /** The resource with this URI when this identity serves it, and so may report its use. */
  readonly resources: { served(uri: string, identityId: string): { readonly actions: readonly string[] } | undefined }
  /** An identity's id and team, by id or name. */
  readonly identities: {
    find(db: AnyDb, idOrName: string): Promise<KnownIdentity | undefined>
  }
  /** A team's name, by its id. */
  readonly teams: { find(db: AnyDb, idOrName: string): Promise<{ readonly name: string } | undefined> }
  /** The identities that sightings with these stable keys are. */
  readonly sightings: { identitiesOf(db: AnyDb, stableKeys: readonly string[]): Promise<ReadonlyMap<string, string>> }
  /** The log: its key, and a fresh checkpoint over everything committed. */
  readonly log: { readonly vkey: string; flush(): Promise<number> }
  /** Whether somebody is named who is told of each report. */
  readonly hasReceiver: boolean
  /** The identity that something with this prefix belongs to, for those that other rooms keep. */
  readonly identityOf: Readonly<Record<string, (db: AnyDb, id: string) => Promise<string | null>>>
  /** What something with this prefix is about, where that is no identity. */
  readonly subjectOf: Readonly<Record<string, (db: AnyDb, id: string, caller: Caller) => Promise<Subject>>>
  /** Answers `why` for ids with a prefix (`dec`, `crd`, `grt`, `nhi` …): sentences and the events behind them. */
  readonly reasons: Readonly<Record<string, (db: AnyDb, id: string, now: Date) => Promise<Reason | undefined>>>
}

/** An identity as observe knows it. */
export interface KnownIdentity {
  readonly id: string
  readonly name: string
  readonly environment: string
  readonly owner: { readonly id: string; readonly name: string }
  readonly tier: 'low' | 'medium' | 'high'
  readonly blastRadius: string
}

/** What the follower of the log must be told from outside. */
export interface UsePorts {
  /** Sets what was last used when; never backwards. */
  markUsed(tx: AnyTx, used: LastUsed): Promise<void>
}

/** When identities, credentials and instances were last used: the latest moment of each, sorted by id. */
export interface LastUsed {
  readonly identities: readonly { readonly id: string; readonly at: Date }[]
  readonly credentials: readonly { readonly id: string; readonly at: Date }[]
  readonly instances: readonly { readonly identity: string; readonly instance: string; readonly at: Date }[]
  /** From where credentials were presented and accepted. */
  readonly consumers: readonly SeenConsumer[]
  /** From where credentials were presented that had been stopped. */
  readonly attempts: readonly SeenConsumer[]
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

/** What observe's own handles see: its tables, and the log that everybody may read. */
export type ObserveScope = ObserveTables & LedgerTables

/** Makes the operations of this room. */
export const operation = operationsOf<ObserveScope, ObservePorts>()

/** Who is told of each report: an endpoint, and the secrets that what goes there is signed with. */
export interface ReportReceiver {
  readonly url: string
  readonly secrets: readonly Buffer[]
}
