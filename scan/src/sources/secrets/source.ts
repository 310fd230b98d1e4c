import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import type { SeenCredential, Trait } from '../../report.ts'
import type { SightingDraft, Source, SourceTools } from '../../source.ts'
import { detect, type Hit } from './detect.ts'
import { toldTexts } from './told-texts.ts'

/** Secrets in any text file. */
export const secretsSource: Source = {
  name: 'secrets',
  wants: () => true,
  read(file, tools) {
    const hits = hitsOf(file)
    const kept = hits.slice(0, HITS_MAX)
    return {
      sightings: kept.map((hit) => sightingOf(hit, file, tools)),
      problems:
        hits.length > HITS_MAX
          ? [{ path: file.path, reason: 'too-many', detail: `${hits.length} secrets: the first ${HITS_MAX} are kept` }]
          : [],
    }
  },
}

/** A secret, the line that it is on, and where a person finds it if that is no file. */
interface PlacedHit extends Hit {
  readonly line: number
  readonly place?: string
}

const hitsOf = (file: ScannedFile): readonly PlacedHit[] => {
  const told = toldTexts(file)
  if (!told)
    return detect(file.bytes, () => file.latin1(), { isProgram: PROGRAMS.has(file.extension) }).map((hit) => ({
      ...hit,
      line: file.lineAt(hit.found.start),
    }))
  const seen = new Set<string>()
  const isNew = ({ found, detector, line, place = '' }: PlacedHit): boolean => {
    const before = seen.size
    // A link says twice where it leads, a message in its text and its blocks: in one place a secret is one.
    return seen.add(`${detector.id} ${file.extension === 'json' ? '' : line} ${place} ${found.secret}`).size > before
  }
  return told.flatMap(({ text, line, place }) => {
    const bytes = Buffer.from(text)
    const hits = detect(bytes, () => bytes.toString('latin1'), { isProgram: false }).map((hit) => ({
      ...hit,
      // A message stands on one line of its export, however many it has itself.
      line: file.extension === 'json' ? line : line + newlinesBefore(bytes, hit.found.start),
      place,
    }))
    return hits.filter(isNew)
  })
}

const newlinesBefore = (bytes: Buffer, end: number): number => {
  let count = 0
  for (let at = bytes.indexOf(10); at !== -1 && at < end; at = bytes.indexOf(10, at + 1)) count += 1
  return count
}

const HITS_MAX = 500

const PROGRAMS = new Set(
  (
    'js mjs cjs jsx ts mts cts tsx vue svelte py rb php go rs java kt kts scala groovy cs fs vb swift m mm c h cc cpp ' +
    'hpp dart ex exs erl clj lua r jl pl pm sol zig nim bicep'
  ).split(' '),
)

const sightingOf = (hit: PlacedHit, file: ScannedFile, tools: SourceTools): SightingDraft => {
  const { detector, place } = hit
  const found = detector.refine?.(hit.found) ?? hit.found
  const where = file.at(hit.line)
  // One character a byte on the way in: back to bytes, so that the fingerprint is of the secret as it is used.
  const secret = Buffer.from(found.secret, 'latin1').toString('utf8')
  const credential = tools.seal(secret, { type: found.type ?? detector.type, provider: detector.provider })
  const { account } = found
  const seen = `${found.label ? `${found.label}: ` : ''}${detector.title}${shown(credential)}${place === undefined ? '' : ` in ${place}`}`
  const reaches = account?.reaches ?? detector.reaches
  return {
    kind: detector.kind,
    name: account?.name ?? (found.label ? `${found.label} in ${file.repository}/${file.repositoryPath}` : seen),
    stableKey: account?.stableKey || `credential:${credential.fingerprint}`,
    where,
    reaches: [{ what: reaches, access: 'unknown', because: `a ${detector.title} lies in ${place ?? file.baseName}` }],
    evidence: [seen],
    environment: guessEnvironment([
      { name: file.repositoryPath, what: 'the path' },
      { name: account?.reaches ?? '', what: 'what it reaches' },
    ]),
    traits: [
      {
        trait: `secret:${detector.id}`,
        detail: seen,
        where,
        credential,
        confidence: found.confidence,
        ...(found.severity ? { severity: found.severity } : {}),
      },
      ...[...(account?.traits ?? []), ...(found.traits ?? [])].map((more): Trait => ({ ...more, where, credential })),
    ],
  }
}

const shown = ({ tail }: SeenCredential): string => (tail === '' ? '' : ` ending in ${tail}`)
