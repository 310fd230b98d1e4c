import type { State } from './state.ts'
import type { Rights, Tier } from './tier.ts'

/** What kinds of non-human identity there are. */
export const KINDS = ['agent', 'bot', 'service', 'script', 'ci-job', 'integration', 'device', 'account'] as const
export type Kind = (typeof KINDS)[number]

/** What an identity does: the first third of its classification. */
export const FUNCTIONS = ['build', 'deploy', 'observe', 'sync', 'enrich', 'notify', 'decide', 'operate'] as const
export type Function = (typeof FUNCTIONS)[number]

/** Whom it deals with: the second third of its classification. */
export const BOUNDARIES = ['internal', 'third-party', 'internet', 'regulated'] as const
export type Boundary = (typeof BOUNDARIES)[number]

/** What it can break: the last third of its classification, from the smallest to the largest. */
export const BLAST_RADII = ['read-only', 'write-limited', 'privileged', 'impersonating'] as const
export type BlastRadius = (typeof BLAST_RADII)[number]

/** How long it is meant to be there. */
export const LIFECYCLES = ['ephemeral', 'permanent', 'pipeline'] as const
export type Lifecycle = (typeof LIFECYCLES)[number]

/** The three-way classification as somebody declared it. */
export interface Classification {
  readonly functions: readonly Function[]
  readonly boundary: Boundary
  readonly blastRadius: BlastRadius
}

/** A moment, and the text that declared it: a date, or a number of days from when it was declared. */
export interface Declared {
  readonly at: Date
  readonly text: string
}

/** What people say about an identity: what creation asks for and a change may change. */
export interface Particulars {
  readonly classification: Classification
  readonly purpose: string
  readonly lifecycle: Lifecycle
  readonly pipeline: string | null
  readonly workflow: { readonly name: string; readonly repository: string | null } | null
  readonly authMethods: readonly string[]
  readonly upstream: readonly string[]
  readonly downstream: readonly string[]
  readonly revocationProcedure: string | null
  readonly expires: Declared
  readonly review: Declared
  readonly tags: Readonly<Record<string, string>>
}

/** A non-human identity: one row in the register. */
export interface Identity extends Particulars {
  readonly id: string
  readonly name: string
  readonly kind: Kind
  readonly environment: string
  readonly ownerId: string
  readonly parentId: string | null
  readonly state: State
  /** What a release restores; null when it is not quarantined. */
  readonly stateBefore: State | null
  readonly stateReason: string | null
  readonly stateAt: Date
  readonly stateBy: string | null
  /** The identity whose quarantine took this one along. */
  readonly quarantinedWith: string | null
  readonly tier: Tier
  readonly rights: Rights
  readonly effectiveBlastRadius: BlastRadius
  readonly createdBy: string | null
  readonly createdAt: Date
  readonly approvedBy: string | null
  readonly lastUsedAt: Date | null
  /** Grows with every change of the particulars: an approval of revision 3 is no approval of revision 4. */
  readonly revision: number
}

/** Who answers for identities. */
export interface Team {
  readonly id: string
  readonly name: string
  readonly technicalContact: string
  readonly businessContact: string
  readonly businessUnit: string
  readonly state: 'active' | 'quarantined'
  readonly stateReason: string | null
  /** Who put it into this state last. */
  readonly stateBy: string | null
  readonly createdBy: string | null
  readonly createdAt: Date
}
