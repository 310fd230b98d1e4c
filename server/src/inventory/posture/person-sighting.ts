import type { Sighting as ScanSighting } from '@reeve/scan/posture'
import { LIMITS } from './limits.ts'

const HOURS = 24

/** The account of a person that acts as only programs do: at nearly every hour, day after day. Undefined for others. */
export const personSighting = (
  person: string,
  days: readonly { readonly day: number; readonly hours: number }[],
): ScanSighting | undefined => {
  const restless = days.filter(({ hours }) => countOf(hours) >= LIMITS.personHoursMax)
  if (restless.length < LIMITS.restlessDaysMax) return undefined
  const where = { path: `people/${person}`, line: 1, repository: '', inRepository: person }
  const detail = `the account ${person} acted in ${LIMITS.personHoursMax} or more hours a day, on ${LIMITS.restlessDaysMax} or more of the last ${LIMITS.restlessWithinDays} days`
  return {
    ...{ source: 'register', kind: 'account', name: person, stableKey: person, repository: '', where, alsoAt: [] },
    ...{ reaches: [], evidence: [], environment: null, ownerHint: { value: person, because: 'it is the person' } },
    traits: [{ trait: 'nhi:person', detail, where }],
  }
}

const countOf = (hours: number): number =>
  Array.from({ length: HOURS }, (_, hour) => (hours >> hour) & 1).reduce((sum, bit) => sum + bit, 0)
