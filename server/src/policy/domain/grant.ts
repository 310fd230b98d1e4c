import type { MatrixLine } from './bundle.ts'

/** Identity × bundle, or identity × actions on one resource, under conditions, until it expires. */
export interface Grant {
  readonly id: string
  readonly identity: string
  /** Unique among the identity's live grants: the bundle's or the resource's name unless another was given. */
  readonly name: string
  /** What it gives: a bundle, or a line of its own. */
  readonly gives: { readonly bundle: string } | MatrixLine
  readonly conditions: Conditions
  readonly expiresAt: Date
  /** The text that declared the expiry: a moment, or days such as `90d`. */
  readonly expiresText: string
  readonly createdAt: Date
  readonly createdBy: string | null
  readonly approval: string | null
  readonly directory: string | null
  readonly end: { readonly at: Date; readonly reason: string } | null
}

/** Each condition that is there must hold; a fact that is not known does not hold. */
export interface Conditions {
  readonly sourceNetworks?: readonly string[] | undefined
  readonly credentialKinds?: readonly string[] | undefined
  readonly instances?: readonly string[] | undefined
  readonly timeWindow?: TimeWindow | undefined
  /** Countries of the address (ISO 3166-1 alpha-2); one that nobody can say is none of them. */
  readonly regions?: readonly string[] | undefined
  /** Environments of the identity. */
  readonly environments?: readonly string[] | undefined
  /** Stages of the pipeline that the identity runs in. */
  readonly pipelineStages?: readonly string[] | undefined
  /** The highest risk, 0 to 100, that may be open against the identity. */
  readonly riskMax?: number | undefined
  /** How many days old the credential may be. */
  readonly credentialAgeDaysMax?: number | undefined
  /**
   * What stands there and this server does not know: a newer one wrote it. Nobody here can say whether it holds, so that
   * the grant gives nothing; and it is kept as it is, so that the newer one finds it again.
   */
  readonly unknown?: Readonly<Record<string, unknown>> | undefined
}

/** Whether all the conditions of a grant are known here; one of which some are not gives nothing. */
export const isKnown = ({ conditions }: Pick<Grant, 'conditions'>): boolean => conditions.unknown === undefined

/** Hours of the day in UTC, and days of the week; a window whose end is not later goes over midnight. */
export interface TimeWindow {
  readonly from: string
  readonly to: string
  readonly days?: readonly Weekday[] | undefined
}

/** Days of the week, Sunday first, as `Date` counts them. */
export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
/** A day of the week, UTC. */
export type Weekday = (typeof WEEKDAYS)[number]

const DAY_MS = 24 * 60 * 60 * 1000
// Nothing lives for ever (design rule 5): a grant ends within a year.
const GRANT_DAYS_MAX = 366

/** Why a grant ended whose time was over. */
export const EXPIRED = 'its expiry came'

/** Whether a grant that starts now may end then. */
export const isProperExpiry = (expiresAt: Date, now: Date): boolean =>
  expiresAt > now && expiresAt.getTime() - now.getTime() <= GRANT_DAYS_MAX * DAY_MS
