import { fingerprintOf, tailOf } from './fingerprint.ts'
import { plainText } from './plain-text.ts'
import type { Location, Problem } from './report.ts'
import type { Fact, SightingDraft, SourceTools } from './source.ts'
import { detect } from './sources/secrets/detect.ts'

/** The one door between what a file says and what the report says; one is made for each file. */
export interface Redacting {
  readonly seal: SourceTools['seal']
  sighting(draft: SightingDraft): SightingDraft
  problem(problem: Problem): Problem
  fact(fact: Fact): Fact
}

/**
 * INVARIANT: no text reaches the report but through here. A secret that was sealed is cut out wherever else the file
 * repeats it, in a job's name say; what looks like a secret but was not sealed is cut out too; and nothing that is left
 * can steer a terminal.
 */
export const redacting = (salt: string): Redacting => {
  const sealed = new Set<string>()
  const clean = (text: string): string => {
    let out = text
    for (const secret of sealed) if (out.includes(secret)) out = out.replaceAll(secret, REDACTED)
    return plainText(withoutSecrets(out))
  }
  // All places of a file have the same names, which are cleaned once: whatever is sealed was by then.
  const names = new Map<string, string>()
  const cleanName = (name: string): string => {
    const known = names.get(name) ?? clean(name)
    names.set(name, known)
    return known
  }
  const place = (where: Location): Location => ({
    path: cleanName(where.path),
    line: where.line,
    repository: cleanName(where.repository),
    inRepository: cleanName(where.inRepository),
  })
  return {
    seal(secret, as) {
      // Anything shorter is part of too many words to be cut out of them.
      if (secret.length >= SEALED_CHARS_MIN && !sealed.has(secret)) {
        sealed.add(secret)
        names.clear()
      }
      return { ...as, fingerprint: fingerprintOf(secret, salt), tail: plainText(tailOf(secret)) }
    },
    sighting: (draft) => ({
      ...draft,
      name: clean(draft.name),
      stableKey: clean(draft.stableKey),
      where: place(draft.where),
      reaches: draft.reaches.map(({ what, access, because }) => ({
        what: clean(what),
        access,
        because: clean(because),
      })),
      evidence: draft.evidence.map(clean),
      environment: draft.environment && { ...draft.environment, because: clean(draft.environment.because) },
      ...(draft.ownerHint
        ? { ownerHint: { value: clean(draft.ownerHint.value), because: clean(draft.ownerHint.because) } }
        : {}),
      ...(draft.keys ? { keys: draft.keys.map(clean) } : {}),
      ...(draft.creator === undefined ? {} : { creator: clean(draft.creator) }),
      traits: draft.traits.map((trait) => ({ ...trait, detail: clean(trait.detail), where: place(trait.where) })),
    }),
    fact: ({ type, fields, where }) => ({
      type,
      fields: Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, clean(text)])),
      where: place(where),
    }),
    problem: (problem) => ({ ...problem, path: clean(problem.path), detail: clean(problem.detail) }),
  }
}

/** A text without whatever a detector takes for a secret, made safe to print. */
export const printable = (text: string): string => plainText(withoutSecrets(text))

const REDACTED = '[redacted]'
const SEALED_CHARS_MIN = 6

const withoutSecrets = (text: string): string => {
  const bytes = Buffer.from(text, 'utf8')
  // What only its name gives away was sealed where it was found; here, our own words and keys would look like it.
  const hits = detect(bytes, () => bytes.toString('latin1'), { isProgram: false }).filter(
    ({ detector }) => detector.id !== 'assigned-secret',
  )
  if (hits.length === 0) return text
  const pieces: string[] = []
  let at = 0
  for (const { found } of hits) {
    if (found.start < at) continue
    pieces.push(bytes.toString('utf8', at, found.start), REDACTED)
    at = found.end
  }
  return pieces.join('') + bytes.toString('utf8', at)
}
