import { scannedFile } from '../src/file.ts'
import { mergeSightings } from '../src/merge-sightings.ts'
import type { Problem, Sighting } from '../src/report.ts'
import type { Fact, SightingDraft, Source } from '../src/source.ts'
import { rulesOver } from './rules-of.ts'

/** The day on which the tests of sources are held. */
export const NOW = new Date('2026-09-01T00:00:00Z')

/** What a source makes of one file. */
export interface ReadByTest {
  readonly isWanted: boolean
  readonly sightings: readonly SightingDraft[]
  /** The same, joined by key and related with each other. */
  readonly related: readonly Sighting[]
  readonly problems: readonly Problem[]
  readonly facts: readonly Fact[]
  readonly sealed: readonly string[]
  /** The rules that find something, with their severities. */
  readonly rulesFound: readonly string[]
}

/** Lets a source read a text, or a value as JSON, as if it lay at a path. */
export const readSource = (source: Source, content: unknown, path: string): ReadByTest => {
  const text = typeof content === 'string' ? content : JSON.stringify(content, null, 1)
  const file = scannedFile({ path, repository: 'estate', repositoryPath: path }, Buffer.from(text))
  const sealed: string[] = []
  if (!source.wants(file))
    return { isWanted: false, sightings: [], problems: [], facts: [], sealed, related: [], rulesFound: [] }
  const { sightings, problems, facts } = source.read(file, {
    seal: (secret, as) => {
      if (!sealed.includes(secret)) sealed.push(secret)
      return { ...as, fingerprint: String(sealed.indexOf(secret)).padStart(32, '0'), tail: '' }
    },
    now: NOW,
  })
  const merged = mergeSightings(
    sightings.map((draft) => ({ source: source.name, draft })),
    new Map(),
  )
  const related = source.relate?.(merged, facts ?? []) ?? { sightings: [], problems: [] }
  const changed = new Map([...merged, ...related.sightings].map((sighting) => [sighting.stableKey, sighting]))
  return {
    isWanted: true,
    sightings,
    related: [...changed.values()],
    problems: [...problems, ...related.problems],
    facts: facts ?? [],
    sealed,
    rulesFound: rulesOver([...changed.values()], NOW),
  }
}
