import { scannedFile } from '../src/file.ts'
import type { Problem } from '../src/report.ts'
import type { Fact, SightingDraft, Source } from '../src/source.ts'
import { rulesFor } from './rules-of.ts'

/** The day on which the tests of sources are held. */
export const NOW = new Date('2026-09-01T00:00:00Z')

/** What a source makes of one file. */
export interface ReadByTest {
  readonly isWanted: boolean
  readonly sightings: readonly SightingDraft[]
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
  if (!source.wants(file)) return { isWanted: false, sightings: [], problems: [], facts: [], sealed, rulesFound: [] }
  const { sightings, problems, facts } = source.read(file, {
    seal: (secret, as) => {
      if (!sealed.includes(secret)) sealed.push(secret)
      return { ...as, fingerprint: String(sealed.indexOf(secret)).padStart(32, '0'), tail: '' }
    },
    now: NOW,
  })
  return {
    isWanted: true,
    sightings,
    problems,
    facts: facts ?? [],
    sealed,
    rulesFound: rulesFor(source.name, sightings, NOW),
  }
}
