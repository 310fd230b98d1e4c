/** What whoever enforces an answer has to do, and the policy that says so; named as answers over the wire name it. */
export interface Obligation {
  readonly id: string
  readonly policy: string
  /** Of a step-up, as RFC 9470 §3 has it: which proofs would satisfy, the preferred first, separated by spaces. */
  readonly acr_values?: string
  /** Of a step-up: by which methods, separated by spaces. */
  readonly amr_values?: string
  /** Of a step-up: how many seconds old the proof may be (RFC 9470 §3). */
  readonly max_age?: number
}

// To come again with a stronger or a newer proof; only refusals have it.
const STEP_UP = 'step-up'

/** What a policy that decided obliges to, by its annotations: `@obligation`, and `@stepup`, `@stepup_amr`, `@stepup_max_age`. */
export const obligationsOf = (
  policy: string,
  annotations: Readonly<Record<string, string>>,
  isAllowed: boolean,
): readonly Obligation[] => {
  const said = (name: string): string | undefined => (Object.hasOwn(annotations, name) ? annotations[name] : undefined)
  const [plain, acr, amr, age] = [said('obligation'), said('stepup'), said('stepup_amr'), said('stepup_max_age')]
  const maxAge = age !== undefined && SECONDS.test(age) ? Number(age) : undefined
  const isStepUp = !isAllowed && (acr !== undefined || amr !== undefined || maxAge !== undefined)
  return [
    ...(plain === undefined ? [] : [{ id: plain, policy }]),
    ...(isStepUp
      ? [
          {
            id: STEP_UP,
            policy,
            ...(acr === undefined ? {} : { acr_values: acr }),
            ...(amr === undefined ? {} : { amr_values: amr }),
            ...(maxAge === undefined ? {} : { max_age: maxAge }),
          },
        ]
      : []),
  ]
}

const SECONDS = /^\d{1,9}$/
