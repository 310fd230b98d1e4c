import { hash } from 'node:crypto'
import type { PolicyProblem, SourcePolicy } from './source-policy.ts'

/** What the official type checker said of one policy. */
export interface Told {
  readonly problems: readonly PolicyProblem[]
  readonly warnings: readonly PolicyProblem[]
}

/** What it said of policies under one schema, as far as it is remembered. */
export interface KnownVerdicts {
  of(policy: SourcePolicy): Told | undefined
  keep(policy: SourcePolicy, told: Told): void
}

/**
 * What is known under this schema. A directory is judged when it is planned, when it is applied, when that is committed,
 * and when the change comes to the memory: reading a schema is most of each, and the verdict the same.
 *
 * INVARIANT: that a policy is sound stands on its text and the schema alone, so nothing else is in the key, and the key
 * names them by a hash that nobody finds a second text for. What is wrong is told with the policy's id and its place.
 */
export const verdictsUnder = (schema: unknown): KnownVerdicts => {
  const prefix = digestOf(JSON.stringify(schema))
  const keyOf = ({ text }: SourcePolicy): string => prefix + digestOf(text)
  const keyOfWrong = ({ id, text, origin }: SourcePolicy): string =>
    prefix + digestOf(JSON.stringify([id, origin.line ?? null, text]))
  return {
    of: (policy) => (sound.has(keyOf(policy)) ? SOUND : wrong.get(keyOfWrong(policy))),
    keep(policy, told) {
      if (told.problems.length + told.warnings.length === 0) {
        if (sound.size >= SOUND_MAX) sound.clear()
        sound.add(keyOf(policy))
        return
      }
      if (JSON.stringify(told).length > TOLD_CHARS_MAX) return
      if (wrong.size >= WRONG_MAX) wrong.clear()
      wrong.set(keyOfWrong(policy), told)
    },
  }
}

const SOUND: Told = { problems: [], warnings: [] }
// The size of the largest set of written policies; about 3 MB.
const SOUND_MAX = 20_000
const sound = new Set<string>()
// As many as one directory may bring; of most a few hundred characters are said. 4 MB at most.
const WRONG_MAX = 2_000
const TOLD_CHARS_MAX = 2_000
const wrong = new Map<string, Told>()

const digestOf = (text: string): string => hash('sha256', text, 'base64url')
