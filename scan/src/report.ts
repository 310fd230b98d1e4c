/** The words of a scan: what was seen, what is wrong with it, and what could not be read. */

export const KINDS = ['agent', 'bot', 'service', 'script', 'ci-job', 'integration', 'device', 'account'] as const
/** What kind of identity was seen. */
export type Kind = (typeof KINDS)[number]

export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const
/** How bad a finding is, worst first. */
export type Severity = (typeof SEVERITIES)[number]

export const CONFIDENCES = ['high', 'medium', 'low'] as const
/** How sure the scan is that a finding is real. */
export type Confidence = (typeof CONFIDENCES)[number]

export const OWASP_NUMBERS = ['NHI1', 'NHI2', 'NHI3', 'NHI4', 'NHI5', 'NHI6', 'NHI7', 'NHI8', 'NHI9', 'NHI10'] as const
/** A risk of the OWASP Non-Human Identities Top 10 (2025). */
export type Owasp = (typeof OWASP_NUMBERS)[number]

export const ENVIRONMENTS = ['production', 'staging', 'test', 'development'] as const
/** An environment that a name gave away. */
export type Environment = (typeof ENVIRONMENTS)[number]

/** A place in a file; lines count from 1. */
export interface Location {
  /** As the user would type it. */
  readonly path: string
  readonly line: number
  readonly repository: string
  /** The path from the top of the repository: the same wherever the scan is run from. */
  readonly inRepository: string
}

export const CREDENTIAL_TYPES = [
  'api-key',
  'client-secret',
  'password',
  'private-key',
  'personal-token',
  'access-token',
  'webhook-secret',
  'signing-secret',
] as const
/** In which way a credential proves an identity. */
export type CredentialType = (typeof CREDENTIAL_TYPES)[number]

/** A credential as far as a report may know it: never the secret itself. */
export interface SeenCredential {
  readonly type: CredentialType
  readonly provider: string
  /** Salted HMAC-SHA256, shortened: equal for equal secrets under one salt, useless without the salt. */
  readonly fingerprint: string
  /** At most the last four characters, fewer when the secret is short. */
  readonly tail: string
}

const ACCESSES = ['read', 'write', 'admin', 'unknown'] as const

/** Something that an identity can get at. */
export interface Reach {
  readonly what: string
  readonly access: (typeof ACCESSES)[number]
  readonly because: string
}

/** One fact about a sighting that a posture rule may judge. */
export interface Trait {
  readonly trait: string
  readonly detail: string
  readonly where: Location
  readonly credential?: SeenCredential
  readonly confidence?: Confidence
  /** Overrides the rule's. */
  readonly severity?: Severity
}

/** A guess with its reason. */
export interface Guess<Value> {
  readonly value: Value
  readonly because: string
}

export const STANDINGS = ['declared', 'live', 'both'] as const
/**
 * Whether a source says what somebody wants to be there (code, a plan), or what is there (an export of a live system);
 * `both` where one scan read sources of either kind.
 */
export type Standing = (typeof STANDINGS)[number]

/** An identity or a credential seen in a source. */
export interface Sighting {
  readonly source: string
  readonly kind: Kind
  readonly name: string
  /** What stays the same from scan to scan; two sightings with one key are the same identity. */
  readonly stableKey: string
  readonly repository: string
  readonly where: Location
  readonly alsoAt: readonly Location[]
  readonly reaches: readonly Reach[]
  readonly evidence: readonly string[]
  readonly environment: Guess<Environment> | null
  readonly ownerHint: Guess<string> | null
  readonly traits: readonly Trait[]
  /** Other keys of the same identity, as the source knows them: an ARN, a client id, a subject, the fingerprint of a key. */
  readonly keys?: readonly string[]
  readonly standing?: Standing
  /** Who made it, where the source says so. */
  readonly creator?: string
}

/** Something wrong, and what to do about it. */
export interface Finding {
  readonly rule: string
  readonly severity: Severity
  readonly confidence: Confidence
  readonly owasp: Owasp
  readonly title: string
  readonly why: string
  readonly fix: string
  readonly where: Location
  readonly evidence: readonly string[]
  /** The same in every scan of the same thing with the same salt, wherever it is run from. */
  readonly fingerprint: string
  /** `stableKey` of the sighting that it is about. */
  readonly sighting: string
}

export const PROBLEM_REASONS = [
  'binary',
  'too-large',
  'permission-denied',
  'vanished',
  'link-outside',
  'link-inside',
  'link-circular',
  'link-broken',
  'not-a-file',
  'bad-name',
  'unreadable',
  'too-deep',
  'too-many',
  'bad-yaml',
  'bad-json',
  'bad-hcl',
  'bad-line',
  'incomplete',
  'not-a-workflow',
  'not-a-compose-file',
  'not-an-mcp-configuration',
  'source-failed',
] as const
/** Why something was not, or not wholly, read. */
export type ProblemReason = (typeof PROBLEM_REASONS)[number]

/** Something that the scan could not wholly read: nothing is left out without one of these. */
export interface Problem {
  readonly path: string
  readonly reason: ProblemReason
  readonly detail: string
  readonly line?: number
}

/** A folder that is left out on purpose. */
export interface SkippedFolder {
  readonly path: string
  readonly reason: string
}

/** A finding that somebody allowed, by a comment beside it or by an option. */
export interface AllowedFinding {
  readonly rule: string
  readonly where: Location
  readonly by: string
}

export const FORMAT_VERSION = 1

/** What one scan saw. */
export interface ScanReport {
  readonly formatVersion: typeof FORMAT_VERSION
  readonly scannedAt: string
  /** Tells two salts apart without telling either: fingerprints compare only where it is equal. */
  readonly saltId: string
  readonly roots: readonly string[]
  readonly counts: { readonly files: number; readonly bytes: number }
  readonly sightings: readonly Sighting[]
  readonly findings: readonly Finding[]
  readonly allowed: readonly AllowedFinding[]
  readonly problems: readonly Problem[]
  readonly skipped: readonly SkippedFolder[]
}
