/** The answer to one request; a decision is a value, never an exception. */
export interface Answer {
  decision: 'allow' | 'deny'
  /** The policies that decided: the permits of an allow, the forbids of a deny, none for a denial by default. */
  policies: string[]
  /** The policies that failed and were skipped; an empty `policy` says that the request itself could not be judged. */
  errors: { policy: string; message: string }[]
  /** How many policies had a head that matches the request. */
  considered: number
}

/** The denial of a request that cannot be judged. */
export const refusal = (message: string): Answer => ({
  decision: 'deny',
  policies: [],
  errors: [{ policy: '', message }],
  considered: 0,
})
