import type { AccessTokenClaims, RevocationScope, TokenAlgorithm } from '@reeve/sdk'
import type { Cursors } from '../kit/cursor.ts'
import type { AnyDb, AnyTx } from '../kit/database.ts'
import type { FaultObligation } from '../kit/fault.ts'
import { type Caller, operationsOf } from '../kit/operation.ts'
import type { Random } from '../kit/random.ts'
import type { Sealer } from '../kit/seal.ts'
import type { EventDecision, Kept } from '../ledger/event.ts'
import type { ReportedFinding } from '../reported-finding.ts'
import type { Needed, Tier, TierRules } from '../settings.ts'
import type { KeyRules } from './domain/key-schedule.ts'
import type { ForeignTokens } from './foreign-token.ts'
import type { IssuerKeys } from './memory/issuer-keys.ts'
import type { BrokerTables } from './schema.ts'
import type { WebhookSenders } from './webhook-senders.ts'

/** An identity as the broker issues for it. */
export interface Subject {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly state: string
  readonly tier: Tier
  readonly environment: string
  readonly owner: { readonly id: string; readonly name: string }
  readonly functions: readonly string[]
  readonly boundary: string
  readonly blastRadius: string
  readonly workflow: { readonly name: string; readonly repository: string | null } | null
  readonly tags: Readonly<Record<string, string>>
  readonly expiresAt: Date
}

/** What the broker must know of identities. */
export interface Subjects {
  /** By id or unique name, from the database. */
  find(db: AnyDb, idOrName: string): Promise<Subject | undefined>
  /** The same, and nobody changes it until this transaction ends. */
  hold(tx: AnyTx, idOrName: string): Promise<Subject | undefined>
}

/** A type of authorization details, as far as the broker judges what is asked for. */
export interface DetailType {
  readonly type: string
  readonly fields: Readonly<
    Record<
      string,
      {
        readonly kind: 'text' | 'number' | 'flag' | 'texts'
        readonly isRequired: boolean
        readonly oneOf?: readonly string[] | undefined
        readonly min?: number | undefined
        readonly max?: number | undefined
      }
    >
  >
}

/** A resource as tokens name it. */
export interface TokenResource {
  readonly id: string
  readonly name: string
  /** The URI that becomes `aud`. */
  readonly uri: string
  readonly environment: string
  readonly actions: readonly string[]
  readonly algorithm: TokenAlgorithm
  /** Its tokens name a place in a status list. */
  readonly statusList: boolean
  /** It is the authorization server of others: what is issued for it are grants, and no tokens. */
  readonly isAuthorizationServer: boolean
  /** The types of authorization details that tokens for it may carry (RFC 9396). */
  readonly detailTypes: readonly DetailType[]
  /** Tags of the identity that its tokens say, and under which claims. */
  readonly tagClaims: readonly { readonly tag: string; readonly claim: string }[]
  /** Tags of the identity that AWS takes as session tags. */
  readonly awsSessionTags: readonly { readonly tag: string; readonly key: string; readonly isTransitive: boolean }[]
  /** Identities (ids) that serve it: they may introspect its tokens and report their use. */
  readonly servedBy: readonly string[]
  /** The team that owns it, if one does. */
  readonly owner: string | null
}

/** What a token request asks the policy. */
export interface TokenQuestion {
  readonly subject: Subject
  readonly resource: TokenResource
  /** Empty: everything that is granted on the resource. */
  readonly actions: readonly string[]
  readonly credential: { readonly id: string; readonly kind: string; readonly createdAtMs: number }
  readonly instance: string | null
  readonly sourceIp: string | null
  readonly sourceRegion: string | null
  /** Whether the token will be bound to a key that who asks showed. */
  readonly isSenderConstrained: boolean
  /** Of an authorization detail: what it says besides its actions. */
  readonly detail?: Readonly<Record<string, string | number | boolean | readonly string[]>> | undefined
  /** Who acts with the token in the subject's place, where somebody does. */
  readonly actor?: { readonly id: string; readonly name: string } | undefined
  readonly now: Date
}

/** Whether one identity may act for another, here and now. */
export interface DelegationQuestion extends Pick<TokenQuestion, 'instance' | 'sourceIp' | 'sourceRegion' | 'now'> {
  readonly actor: Subject
  readonly subject: Subject
}

/** The policy's answer to that, as one recorded decision. */
export type DelegationVerdict = Pick<TokenVerdict, 'isAllowed' | 'decision' | 'kept'>

/** The policy's answer: what of it is allowed, as one recorded decision. */
export interface TokenVerdict {
  readonly isAllowed: boolean
  readonly actions: readonly string[]
  readonly decision: EventDecision
  readonly kept: readonly Kept[]
  /** Of a refusal: what would have to be done first. */
  readonly obligations: readonly FaultObligation[]
}

/** What the broker asks the policy room. Everything is answered from memory, which `warm` fills. */
export interface Decisions {
  /** Loads what deciding about this identity needs; cheap when it is there. */
  warm(identityId: string): Promise<void> | undefined
  resource(uri: string): TokenResource | undefined
  resourcesServedBy(identityId: string): readonly TokenResource[]
  /** The types of authorization details that any resource takes. */
  detailTypes(): readonly string[]
  decide(question: TokenQuestion): TokenVerdict
  mayActFor(question: DelegationQuestion): DelegationVerdict
}

/** Who follows the feed without saying who it is. */
export interface FeedFollower {
  readonly address: string
  readonly openedAt: Date
}

/** What the broker must be told from outside. */
export interface BrokerPorts {
  /** Identities that serve a resource which this identity can reach, or any resource for null; at most so many. */
  readonly verifiers: {
    reachedBy(
      db: AnyDb,
      identityId: string | null,
      max: number,
    ): Promise<readonly { readonly id: string; readonly name: string }[]>
  }
  readonly receivers: {
    /** Identities (ids) that serve what this identity, or anybody of this team, can reach or could since that moment. */
    toldOf(
      db: AnyDb,
      about: { readonly identity: string } | { readonly team: string },
      since: Date,
    ): Promise<ReadonlySet<string>>
  }
  /** Who follows the feed of any replica; plugged by `createBroker` from the memory of this room. */
  followers(db: AnyDb, now: Date): Promise<readonly FeedFollower[]>
  /** Reads our own access tokens; plugged by `createBroker` from the memory of this room. */
  readonly tokens: TokenReader
  /** Looks at tokens of other issuers; plugged by `createBroker` from the memory of this room. */
  readonly foreign: ForeignTokens
  /** Looks at the key sets of clients; plugged by `createBroker` from the memory of this room. */
  readonly clientKeys: Pick<IssuerKeys, 'findInSet'>
  /** Whose webhooks to a resource are to be believed; plugged by `createBroker` from the memory of this room. */
  webhookSenders(resource: TokenResource, now: Date): Promise<WebhookSenders>
  readonly keyRules: KeyRules
  readonly cursors: Cursors
  readonly subjects: Subjects
  readonly decisions: Decisions
  readonly sealer: Sealer
  readonly random: Random
  readonly tiers: Readonly<Record<Tier, TierRules>>
  issuer(): string
  readonly exceptions: {
    find(
      db: AnyDb,
      kind: string,
      subject: string,
      now: Date,
    ): Promise<{ readonly id: string; readonly expiresAt: Date } | undefined>
  }
  /** Up to when uses of credentials have been counted: what was used later may not be known yet. */
  readonly uses: { countedUntil(db: AnyDb | AnyTx, now: Date): Promise<Date> }
  /** Spends an approval, once. Throws a fault when it is missing, of something else, expired, or used. */
  readonly approvals: {
    spend(
      tx: AnyTx,
      spend: {
        readonly approval: string | undefined
        readonly operation: string
        readonly input: unknown
        readonly requester: string | null
        readonly needed: Needed
        readonly now: Date
      },
    ): Promise<{ readonly id: string }>
  }
  /** Whether there have been two people who decide: until then one is alone. */
  isFourEyes(db: AnyDb | AnyTx): Promise<boolean>
  /** The one rule of who may end a quarantine, by who placed it. Throws a fault. */
  mustBeReleasable(placedBy: string | null, caller: Caller): void
  readonly findings: { report(tx: AnyTx, findings: readonly ReportedFinding[], now: Date): Promise<void> }
}

/** Judges access tokens of this issuer from memory. */
export interface TokenReader {
  /** The token when we signed it, whether it is in force or not; undefined for anything else. */
  read(token: string): OwnToken | undefined
  /** The same of what was read before and is remembered; nothing is verified for it. */
  remembered(token: string): OwnToken | undefined
  /** Why it is not in force now: `expired`, or the narrowest scope at which it is stopped. */
  endOf(token: OwnToken, now: Date): 'expired' | StopScope | undefined
}

/** An access token that this server signed. */
export interface OwnToken {
  readonly claims: AccessTokenClaims
  readonly algorithm: TokenAlgorithm
  readonly keyId: string
}

/** The scopes at which something is stopped, from the smallest to the largest. */
export type StopScope = RevocationScope

/** Makes the operations of this room. */
export const operation = operationsOf<BrokerTables, BrokerPorts>()
