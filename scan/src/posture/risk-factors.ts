import type { Meaning } from './meaning.ts'

/** What a factor adds to the risk of an identity; a score is the sum, and at most 100. Tune it here. */
export const RISK_POINTS: Readonly<Record<Meaning, number>> = {
  privileged: 25,
  reachable: 20,
  leaked: 20,
  'long-lived': 15,
  'weakly-proven': 10,
  'over-privileged': 10,
  unused: 10,
  shared: 10,
  'third-party': 5,
  person: 5,
}

/** Said of each factor beside its evidence. */
export const RISK_NAMES: Readonly<Record<Meaning, string>> = {
  privileged: 'it can change, or become, more than its own work needs',
  reachable: 'strangers on the internet can start it, reach it, become it, or use a copy of its credential',
  leaked: 'a secret of it lies where others read it',
  'long-lived': 'it proves itself by something that lives long',
  'weakly-proven': 'it proves itself in a way that is refused or guessed',
  'over-privileged': 'it was granted more than it uses',
  unused: 'nobody used it for long',
  shared: 'several applications, teams or environments use it',
  'third-party': 'somebody else’s code or company holds it',
  person: 'it is a person’s, and a program uses it',
}

/** What is in production, or where nobody owns it, counts this much more. */
export const RISK_PRODUCTION = 10
export const RISK_UNOWNED = 10
export const RISK_MAX = 100
