import type { Cursors } from '../kit/cursor.ts'
import type { AnyDb, AnyTx } from '../kit/database.ts'
import type { FaultPlace } from '../kit/fault.ts'
import { operationsOf, type RoleHeld, type Signal, type Subject } from '../kit/operation.ts'
import type { FieldChange } from '../ledger/event.ts'
import type { Needed, Tier } from '../settings.ts'
import type { PolicyTables } from './schema.ts'

/** An identity as policy decides about it. */
export interface PolicyIdentity {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly environment: string
  readonly tier: Tier
  readonly state: string
  /** The team; one that is stopped, or is not there, answers for nothing. */
  readonly owner: { readonly id: string; readonly name: string; readonly isActive: boolean }
  /** The identity that created it, whose rights bound its own. */
  readonly parent: string | null
  readonly functions: readonly string[]
  readonly boundary: string
  readonly blastRadius: string
  readonly workflow: { readonly name: string; readonly repository: string | null } | null
  /** The pipeline that it runs in, as `REPOSITORY/PIPELINE#STAGE`. */
  readonly pipeline: string | null
  readonly tags: Readonly<Record<string, string>>
}

/** What policy must know of identities and teams, and what it tells inventory when rights change. */
export interface Identities {
  /** By id or unique name. */
  find(db: AnyDb, idOrName: string): Promise<PolicyIdentity | undefined>
  /** Which of these a scan saw: they run, whatever anybody granted them. At most 500 are asked about. */
  seenByScans(db: AnyDb, ids: readonly string[]): Promise<readonly string[]>
  /** Ids of those that follow this one, in order. */
  idsAfter(db: AnyDb, after: string | undefined, limit: number): Promise<readonly string[]>
  findTeam(db: AnyDb, idOrName: string): Promise<{ readonly id: string; readonly name: string } | undefined>
  /** This identity was given rights: derive its tier again. Throws when its declared class forbids them. */
  regradeGiven(tx: AnyTx, identityId: string, now: Date): Promise<Regraded>
  /** Nothing was given, and what the identity may do weighs more, or less, than before: derive its tier again. */
  regradeFound(tx: AnyTx, identityId: string, now: Date): Promise<Regraded>
  /** All of them in the order of their ids, a page at a time. */
  list(db: AnyDb, afterId: string, limit: number): Promise<readonly PolicyIdentity[]>
}

/** What became of an identity whose rights changed. */
export interface Regraded {
  readonly on: Subject
  readonly before: Tier
  readonly after: Tier
  readonly change: readonly FieldChange[]
  /** What it has and its tier no longer allows, in sentences. */
  readonly refused: readonly string[]
  readonly signals: readonly Signal[]
}

/** What is open against identities, as observe keeps it. */
export interface Risks {
  /** From 0, nothing, to 100. */
  of(db: AnyDb, identityId: string): Promise<number>
}

/** Approvals, as inventory names them. */
export interface Approvals {
  spend(
    tx: AnyTx,
    spend: {
      approval: string | undefined
      operation: string
      input: unknown
      requester: string | null
      /** Who must have approved, and why. */
      needed: Needed
      now: Date
    },
  ): Promise<{ readonly id: string }>
}

/** A named, expiring exception that allows what an invariant refuses. */
export interface Exceptions {
  find(
    db: AnyDb,
    kind: string,
    subject: string,
    now: Date,
  ): Promise<{ readonly id: string; readonly expiresAt: Date } | undefined>
}

/** Somebody who decides what others may do. */
export interface Decider {
  readonly id: string
  readonly name: string
  readonly roles: readonly RoleHeld[]
}

/** One that is in force, and what it is about. */
export interface LiveException {
  readonly id: string
  readonly subject: string
  readonly expiresAt: Date
}

/** What `apply` uses of the other rooms: the objects of a directory that are not policy's own. */
export interface Appliers {
  /** Where a declared team or identity is not shaped as one, and why; empty where it is. */
  misshapen(type: 'team' | 'identity', declared: unknown): readonly FaultPlace[]
  /** Creates or changes a team or an identity so that it is as declared; says what it did. */
  team(tx: AnyTx, declared: unknown, given: ApplyGiven): Promise<Applied>
  identity(tx: AnyTx, declared: unknown, given: ApplyGiven): Promise<Applied>
  /** Ends an identity that its directory no longer declares; undefined when it had ended already. */
  retire(tx: AnyTx, id: string, given: ApplyGiven & { readonly reason: string }): Promise<readonly Signal[] | undefined>
}

/** Who applies, when. */
export interface ApplyGiven {
  readonly by: string | null
  readonly now: Date
  newId(prefix: string): string
  /** The approval of the whole directory, if it came with one. */
  readonly approval: string | undefined
  /** Takes note of what needs that approval; it is spent once, for everything. */
  need(needed: Needed): void
}

/** What happened to one declared object. */
export interface Applied {
  readonly id: string
  readonly name: string
  readonly verb: 'created' | 'changed' | 'unchanged'
  readonly fields: readonly { field: string; before: string | null; after: string | null }[]
  readonly signals: readonly Signal[]
}

/** What environments are called; inventory's own rules. */
export interface Environments {
  /** The one spelling of an environment: `Prod` is `production`. */
  normal(text: string): string
  isProduction(environment: string): boolean
}

/** Which recorded decisions are read. */
export interface RecordedPage {
  readonly from: Date
  readonly after: number
  readonly limit: number
}

/** Events with decisions, and what was kept of their requests or pages, by digest. `last` is where the next page goes on. */
export interface RecordedDecisions {
  readonly events: readonly unknown[]
  readonly requests: ReadonlyMap<string, string>
  readonly last: number | undefined
}

/** What policy must be told from outside. */
export interface PolicyPorts {
  readonly cursors: Cursors
  readonly identities: Identities
  readonly environments: Environments
  /** Whether this server can say in which country an address is. */
  readonly knowsRegions: boolean
  readonly approvals: Approvals
  readonly exceptions: Exceptions & {
    /** All of a kind that are in force. */
    inForce(db: AnyDb, kind: string, now: Date): Promise<readonly LiveException[]>
  }
  readonly appliers: Appliers
  /** The recorded decision with its kept request, by decision id. */
  readonly decisions: {
    find(
      db: AnyDb,
      decisionId: string,
    ): Promise<{ readonly event: unknown; readonly request: string | null } | undefined>
    /** Decisions recorded from a moment on, the oldest first, a page at a time, with the requests that are kept. */
    recorded(db: AnyDb, page: RecordedPage): Promise<RecordedDecisions>
    /** How many events hold them from a moment on. */
    count(db: AnyDb, from: Date): Promise<number>
    /** Texts that were kept beside the log, by their digests. */
    kept(db: AnyDb, digests: readonly string[]): Promise<ReadonlyMap<string, string>>
    /** The newest decisions on this identity that ended so, with the requests that they were made on as far as they are kept. */
    decidedOf(
      db: AnyDb,
      identityId: string,
      outcome: 'done' | 'refused',
      limit: number,
    ): Promise<readonly { readonly decision: string; readonly at: string; readonly request: string }[]>
  }
  /** The people who are approvers or admins, of everything or of a team. */
  readonly deciders: { list(db: AnyDb): Promise<readonly Decider[]> }
  /** What those who check tokens reported. */
  readonly uses: {
    /** What these identities were seen to use since a moment: the uri of the resource, and the action where it was told. */
    since(
      db: AnyDb,
      identityIds: readonly string[],
      since: Date,
    ): Promise<
      readonly {
        readonly resource: string
        readonly action: string | null
        readonly at: Date
        readonly count: number
      }[]
    >
  }
  /** The compiled engine and its current revision; see memory.ts of this room. */
  readonly memory: import('./memory.ts').PolicyMemory
}

/** Makes the operations of this room. */
export const operation = operationsOf<PolicyTables, PolicyPorts>()
