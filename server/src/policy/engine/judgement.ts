/** What an engine says of one request, before it is explained. */
export interface Judgement {
  outcome: 'allow' | 'deny'
  /** The policies that decided, in no order. */
  policies: string[]
  /** The policies that failed; an empty one says that the request could not be judged at all. */
  errors: { policy: string; message: string }[]
}

/** Two judgements as texts that are equal when they are; what failed counts, in which words does not. */
export const judgementText = ({ outcome, policies, errors }: Judgement): string =>
  JSON.stringify([outcome, [...policies].sort(), errors.map((error) => error.policy).sort()])
