/** The engine's answer to one request; never an exception. */
export interface Answer {
  outcome: 'allow' | 'deny'
  /** The ids of the policies that decided: the permits of an allow, the forbids of a deny, none for a default deny. */
  policies: string[]
  /** Policies that were skipped because they failed; an empty `policy` names the engine itself, which then denied. */
  errors: { policy: string; message: string }[]
  /** Attributes that a policy in scope asked for and did not find, as `context.sourceIp` or `principal.tags.team`. */
  missing: string[]
  /** How many policies had a head that matches the request. */
  considered: number
}

/** The answer when the engine itself could not decide. */
export const refusal = (message: string, considered = 0): Answer => ({
  outcome: 'deny',
  policies: [],
  errors: [{ policy: '', message }],
  missing: [],
  considered,
})
