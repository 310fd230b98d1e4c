import type { ScanReport } from '@reeve/scan/posture'
import type { Cursors } from '../kit/cursor.ts'
import type { AnyDb, AnyTx, Database } from '../kit/database.ts'
import { operationsOf, type Signal } from '../kit/operation.ts'
import type { Sealer } from '../kit/seal.ts'
import type { ReportedFinding } from '../reported-finding.ts'
import type { Needed, Tier } from '../settings.ts'
import type { Connector, ConnectorRun } from './domain/connector.ts'
import type { TagTarget, TagWrite } from './domain/connector-tags.ts'
import type { InventoryTables } from './schema.ts'

export type { Rights } from './domain/tier.ts'

/** What stops a credential from being accepted anywhere; plugged in by the broker, which serves the revocation feed. */
export interface Stops {
  stop(tx: AnyTx, stop: StopRequest): Promise<StopPlaced>
  /** Lifts a quarantine of this target; false when there was none. */
  lift(tx: AnyTx, scope: StopScope, id: string, now: Date): Promise<StopPlaced | undefined>
  /** An identity went to another team: tokens that name the former one are stopped from now on when the new one is. */
  moved(
    tx: AnyTx,
    move: {
      readonly identity: string
      readonly from: string
      readonly to: string
      readonly reason: string
      readonly by: string | null
      readonly now: Date
    },
  ): Promise<StopPlaced | undefined>
  /** Who checks tokens of what was stopped and has not confirmed `seq`; `identity` is null for those of many. */
  unconfirmed(
    db: AnyDb,
    stopped: { readonly seq: number; readonly identity: string | null; readonly now: Date },
  ): Promise<readonly Unconfirmed[]>
}

/** Somebody who checks tokens: an identity that serves a resource, or an open feed, by its address. */
export interface Unconfirmed {
  readonly kind: 'verifier' | 'connection'
  readonly name: string
  readonly instance: string | null
  readonly confirmedSeq: number | null
  readonly lastHeardAt: string | null
}

/** From the smallest to the largest. */
export type StopScope = 'token' | 'credential' | 'instance' | 'identity' | 'owner' | 'issuer'

/** One target to stop; `until` ends it by itself, null holds until it is released. */
export interface StopRequest {
  readonly scope: StopScope
  readonly id: string
  readonly verb: 'quarantine' | 'revoke'
  readonly reason: string
  readonly by: string | null
  readonly now: Date
  readonly until: Date | null
}

/** The stop's place in the feed, and what every replica must be told with the commit. */
export interface StopPlaced {
  readonly seq: number
  readonly signals: readonly Signal[]
}

/** A place in a list of another room, which alone can read it. */
export type ImpactPlace = readonly (string | number)[]

/** What others know about an identity's use and reach: shown before it is stopped. */
export interface Impact {
  /** Credentials that would stop working: how many, and the newest after that place. */
  credentials(
    db: AnyDb,
    identityId: string,
    page: { readonly after: ImpactPlace | undefined; readonly limit: number },
  ): Promise<{
    readonly total: number
    readonly items: readonly { id: string; kind: string; lastUsedAt: Date | null }[]
    /** Where the next page begins; undefined where this is the last. */
    readonly next: ImpactPlace | undefined
  }>
  /** What it may access now. */
  grants(db: AnyDb, identityId: string): Promise<readonly { resource: string; actions: readonly string[] }[]>
  /** Resources that it was seen at lately, newest first. */
  recentUse(
    db: AnyDb,
    identityId: string,
    since: Date,
  ): Promise<readonly { resource: string; action: string | null; at: Date; instance: string | null }[]>
}

/** Spends an approval, once. Throws a fault when it is missing, of something else, expired, or used. */
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

/** What is known of live systems without asking them. */
export interface ConnectorPorts {
  readonly sealer: Pick<Sealer, 'seal'>
  readonly vendors: {
    /** What is wrong with how a vendor is to be asked, in words; undefined where nothing is. */
    problem(of: {
      readonly vendor: string
      readonly mode: string
      readonly settings: Readonly<Record<string, string>>
      readonly without: readonly string[]
      readonly hasSecret: boolean
    }): string | undefined
  }
}

/** What a run of a connector needs of the world. */
export interface ConnectorRunPorts {
  readonly sealer: Pick<Sealer, 'open'>
  /** The secret that whoever runs this server put into a variable or file of this name; undefined where there is none. */
  placedSecret(place: { readonly kind: 'variable' | 'file'; readonly name: string }): string | undefined
  /** Asks a vendor for all its parts, and has what it answers read and judged. */
  see(of: {
    readonly connector: Connector
    readonly secret: string
    readonly now: Date
    readonly signal: AbortSignal
  }): Promise<SeenLive>
  /** Sets tags at a vendor; why it could not, in words, where it could not. */
  write(of: {
    readonly connector: Connector
    readonly secret: string
    readonly write: Pick<TagWrite, 'key' | 'at' | 'set'>
    readonly signal: AbortSignal
  }): Promise<string | undefined>
  /** Whether a vendor can hold this as the value of a tag. */
  fits(vendor: string, value: string): boolean
}

/** What a vendor was seen to have, as a scan reports it. */
export interface SeenLive {
  readonly report: Pick<ScanReport, 'sightings' | 'findings' | 'saltId'>
  readonly gaps: ConnectorRun['gaps']
  readonly notes: readonly string[]
  /** What can be tagged there. */
  readonly targets: readonly TagTarget[]
  /** Nothing came at all. */
  readonly isNothing: boolean
}

/** What inventory must be told from outside. */
export interface InventoryPorts {
  readonly connectors: ConnectorPorts
  readonly cursors: Cursors
  readonly stops: Stops
  readonly impact: Impact
  readonly approvals: Approvals
  /** Whose a stable key is by what others keep: public keys by thumbprint (`key:…`). */
  readonly keys: { holders(db: AnyDb, keys: readonly string[]): Promise<ReadonlyMap<string, string>> }
  readonly belongings: {
    /** Gives what belongs to an identity to its new team: lists are narrowed by the team that is kept with each. */
    give(tx: AnyTx, identityId: string, teamId: string): Promise<void>
    /** Findings about a sighting (by its stable key), or all about one identity (null), become those of another, or of none. */
    follow(
      tx: AnyTx,
      move: {
        readonly sighting: string | null
        readonly from: string | null
        readonly to: { readonly id: string; readonly ownerId: string } | null
      },
    ): Promise<readonly Signal[]>
  }
  /** Ends what belongs to an identity that retires: its credentials and grants. */
  readonly endings: { retire(tx: AnyTx, identityId: string, reason: string, now: Date): Promise<readonly Signal[]> }
}

/** A credential as the posture of its identity is judged by it. */
export interface HeldCredential {
  readonly id: string
  readonly kind: string
  readonly isStatic: boolean
  readonly createdAt: Date
}

/** A finding of the rules over the register. */
export interface JudgedFinding extends ReportedFinding {
  readonly sighting: string | null
}

/** What the judging of the register must be told from outside, and whom it tells. */
export interface PosturePorts {
  /** What each of these proves itself with now, and what of that its tier refuses, a sentence each; by identity. */
  credentials(
    db: AnyDb,
    holders: readonly { readonly id: string; readonly kind: string; readonly tier: Tier }[],
    now: Date,
  ): Promise<ReadonlyMap<string, { readonly held: readonly HeldCredential[]; readonly refused: readonly string[] }>>
  /** What each of these may access, by identity. */
  grants(
    db: AnyDb,
    identityIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly { readonly resource: string; readonly actions: readonly string[] }[]>>
  /** Which actions each of these was seen to use since then, by identity; who is not there was seen to do nothing. */
  usedActions(db: AnyDb, identityIds: readonly string[], since: Date): Promise<ReadonlyMap<string, ReadonlySet<string>>>
  /** Which credentials of each of these people used since then, and by which tool; by identity. */
  usedByPeople(
    db: AnyDb,
    identityIds: readonly string[],
    since: Date,
  ): Promise<ReadonlyMap<string, readonly { readonly credential: string; readonly tool: string }[]>>
  /** In which hours (a bit each) people's accounts acted since then, day by day; by person. */
  personDays(
    db: AnyDb,
    since: Date,
  ): Promise<ReadonlyMap<string, readonly { readonly day: number; readonly hours: number }[]>>
  readonly findings: {
    judged(tx: AnyTx, findings: readonly JudgedFinding[], now: Date): Promise<void>
    /** Closes what was found before and is not among these fingerprints. */
    closeUnjudged(database: Database, found: ReadonlySet<string>, now: Date): Promise<void>
  }
}

/** Makes the operations of this room. */
export const operation = operationsOf<InventoryTables, InventoryPorts>()
