/** A file of Cedar policies under a name; `directory` says which applied directory declares it. */
export interface PolicyText {
  readonly name: string
  readonly file: string
  readonly text: string
  readonly directory: string | null
}

/** What may be report-only. */
export const MODE_KINDS = ['identity', 'resource', 'policy'] as const
/** What may be report-only. */
export type ModeKind = (typeof MODE_KINDS)[number]

/** Nothing is report-only for longer, unless it is approved again. */
export const MODE_DAYS_MAX = 90

/** Something whose would-be refusals are recorded and not enforced. */
export interface ReportOnly {
  readonly kind: ModeKind
  /** The id of the identity or resource, or of the policy. */
  readonly target: string
  readonly reason: string
  readonly since: Date
  /** From then on it is enforced again, whether or not anybody remembers. */
  readonly expiresAt: Date
  readonly by: string | null
  /**
   * The directory whose first import made it so: then it holds between the identities and the resources of that import
   * alone. Null where it holds towards everything.
   */
  readonly within: string | null
}
