import { mergeSightings } from '../src/merge-sightings.ts'
import { judge } from '../src/posture/judge.ts'
import type { Sighting } from '../src/report.ts'
import type { SightingDraft } from '../src/source.ts'

/** The rules that find something in what one source saw, with their severities, but that nobody is said to own it. */
export const rulesFor = (source: string, drafts: readonly SightingDraft[], now: Date): string[] =>
  rulesOver(
    mergeSightings(
      drafts.map((draft) => ({ source, draft })),
      new Map(),
    ),
    now,
  )

/** The same of sightings that are joined already. */
export const rulesOver = (sightings: readonly Sighting[], now: Date): string[] =>
  judge({ sightings, now })
    .filter(({ rule }) => rule !== 'posture/unowned')
    .map(({ rule, severity }) => `${rule} ${severity}`)
    .sort()
