import type { Confidence, CredentialType, Kind, Severity } from '../../report.ts'

/**
 * Knows one format of secret: a keyword that every such secret has, and what must stand around it. The keywords of all
 * detectors are found in one pass over the file; the pattern is then tried at those places only, never searched for.
 */
export interface Detector {
  /** The finding's rule is `secrets/<id>`. */
  readonly id: string
  readonly title: string
  readonly provider: string
  readonly kind: Kind
  readonly type: CredentialType
  readonly severity: Severity
  /** Lower case; the file is compared without regard to case, the pattern with. */
  readonly keywords: readonly string[]
  /**
   * Says cheaply, before the file is made a text, that what stands around its keyword is none of this; never of a real
   * one. Detectors that share it are asked once.
   */
  readonly mayBegin?: MayBegin
  /** What finds the secret, given where its keyword starts. */
  readonly find: Find
  /** What is too costly to ask of everything that is found, asked of what is told. */
  readonly refine?: (found: Found) => Found
  /** What whoever holds it can get at. */
  readonly reaches: string
}

export type MayBegin = (bytes: Uint8Array, at: number, context: FindContext) => boolean

export type Find = (text: string, at: number, context: FindContext) => Found | undefined

export interface FindContext {
  /** In a program an unquoted right-hand side is an expression; in a setting it is the value itself. */
  readonly isProgram: boolean
}

/** Where a secret lies; `start` to `end` may be wider than the secret, so that two detectors do not report one thing. */
export interface Found {
  readonly start: number
  readonly end: number
  readonly secret: string
  readonly confidence: Confidence
  /** Overrides the detector's. */
  readonly severity?: Severity
  readonly type?: CredentialType
  /** What the file calls it. */
  readonly label?: string
  readonly account?: FoundAccount
  /** Further facts for the posture rules. */
  readonly traits?: readonly FoundTrait[]
}

export interface FoundTrait {
  readonly trait: string
  readonly detail: string
}

/** Whose secret it is, where its surroundings say so. */
export interface FoundAccount {
  readonly name: string
  readonly stableKey: string
  readonly reaches: string
  /** Further facts for the posture rules. */
  readonly traits?: readonly FoundTrait[]
}
