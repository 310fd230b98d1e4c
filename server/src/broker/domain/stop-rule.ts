/** What is said of a target in the revocation feed while something stops it. */
export interface StopTerm {
  readonly verb: 'quarantine' | 'revoke'
  /** Milliseconds since 1970, or null: until it is released. */
  readonly until: number | null
}

/** Verifiers may let a token live this long past its end, so what stops it is told for as long. */
export const GRACE_MS = 61_000

/** Whether a term still holds at this time. */
export const holds = (term: { readonly until: number | null }, nowMs: number): boolean =>
  term.until === null || term.until > nowMs

/** The verb that stands for several: what is over for good is more than what may be released. */
export const strongestVerb = (verbs: readonly (StopTerm['verb'] | undefined)[]): StopTerm['verb'] | undefined =>
  verbs.find((verb) => verb === 'revoke') ?? verbs.find((verb) => verb === 'quarantine')

/** The one term that stands for several on the same target: it holds as long as the longest of them. */
export const strongest = (terms: readonly StopTerm[]): StopTerm | undefined => {
  if (terms.length === 0) return undefined
  const isForEver = terms.some((term) => term.until === null)
  return {
    verb: terms.some((term) => term.verb === 'revoke') ? 'revoke' : 'quarantine',
    until: isForEver ? null : Math.max(...terms.map((term) => term.until ?? 0)),
  }
}
