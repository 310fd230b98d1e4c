import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import type { SeenCredential, Trait } from '../../report.ts'
import type { SightingDraft, Source, SourceTools } from '../../source.ts'
import { detect, type Hit } from './detect.ts'

/** Secrets in any text file. */
export const secretsSource: Source = {
  name: 'secrets',
  wants: () => true,
  read(file, tools) {
    const hits = detect(file.bytes, () => file.latin1(), { isProgram: PROGRAMS.has(file.extension) })
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

const HITS_MAX = 500

const PROGRAMS = new Set(
  (
    'js mjs cjs jsx ts mts cts tsx vue svelte py rb php go rs java kt kts scala groovy cs fs vb swift m mm c h cc cpp ' +
    'hpp dart ex exs erl clj lua r jl pl pm sol zig nim'
  ).split(' '),
)

const sightingOf = ({ detector, found }: Hit, file: ScannedFile, tools: SourceTools): SightingDraft => {
  const where = file.at(file.lineAt(found.start))
  // One character a byte on the way in: back to bytes, so that the fingerprint is of the secret as it is used.
  const secret = Buffer.from(found.secret, 'latin1').toString('utf8')
  const credential = tools.seal(secret, { type: found.type ?? detector.type, provider: detector.provider })
  const { account } = found
  const seen = `${found.label ? `${found.label}: ` : ''}${detector.title}${shown(credential)}`
  const reaches = account?.reaches ?? detector.reaches
  return {
    kind: detector.kind,
    name: account?.name ?? (found.label ? `${found.label} in ${file.repository}/${file.repositoryPath}` : seen),
    stableKey: account?.stableKey || `credential:${credential.fingerprint}`,
    where,
    reaches: [{ what: reaches, access: 'unknown', because: `a ${detector.title} lies in ${file.baseName}` }],
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
      ...(account?.traits ?? []).map((more): Trait => ({ ...more, where, credential })),
    ],
  }
}

const shown = ({ tail }: SeenCredential): string => (tail === '' ? '' : ` ending in ${tail}`)
