import type { Sighting } from '../report.ts'
import { has, type Judged } from './rule.ts'

/** The rules about what several share: what they find may be accepted only of low-risk reading, until a moment. */
export const SHARING_RULES: ReadonlySet<string> = new Set([
  'posture/shared',
  'posture/shared-across-units',
  'posture/shared-across-environments',
  'posture/reused-credential',
  'posture/across-units',
  'posture/across-environments',
])

/** That what everybody who shares may do is reading at low risk makes it less bad, and nothing else does. */
export const lowIfReading = (sightings: readonly Sighting[]): Pick<Judged, 'severity'> | Record<string, never> =>
  sightings.every((sighting) => has(sighting, 'nhi:low-risk-reading')) ? { severity: 'low' } : {}
