/** How bad a finding is, worst first; the place in this list is its rank. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const
/** How bad a finding is. */
export type Severity = (typeof SEVERITIES)[number]

/** How sure the reporter is that it is real. */
export const CONFIDENCES = ['high', 'medium', 'low'] as const

/** Open, accepted until a moment by somebody with a reason, or no longer seen. */
export const STATES = ['open', 'accepted', 'closed'] as const
/** Where a finding stands. */
export type FindingState = (typeof STATES)[number]

/** 0 is the worst. */
export const rankOf = (severity: Severity): number => SEVERITIES.indexOf(severity)

/** What Reeve's own rooms report is of this source; nobody can import under its name. */
export const OWN_SOURCE = 'reeve'

/** What the rules find over the register is of this source: each run sees all of it, so what it does not see closes. */
export const JUDGED_SOURCE = 'reeve:posture'

/** Whether a source is this server's own. */
export const isOwnSource = (source: string): boolean => source === OWN_SOURCE || source.startsWith(`${OWN_SOURCE}:`)
