import { hash } from 'node:crypto'

/** The texts of policies that the official type checker had nothing to say about, under one schema. */
export interface SoundPolicies {
  has(text: string): boolean
  add(text: string): void
}

/**
 * What is known to be sound under this schema. A directory is judged when it is planned, when it is applied, when that
 * is committed, and when the change comes to the memory: reading a schema is most of each, and the verdict the same.
 *
 * INVARIANT: the verdict on a policy stands on its text and the schema alone, so nothing else is in the key, and the key
 * names them by a hash that nobody finds a second text for.
 */
export const soundUnder = (schema: unknown): SoundPolicies => {
  const prefix = digestOf(JSON.stringify(schema))
  const keyOf = (text: string): string => prefix + digestOf(text)
  return {
    has: (text) => known.has(keyOf(text)),
    add: (text) => {
      if (known.size >= KNOWN_MAX) known.clear()
      known.add(keyOf(text))
    },
  }
}

// The size of the largest set of written policies; about 3 MB.
const KNOWN_MAX = 20_000
const known = new Set<string>()

const digestOf = (text: string): string => hash('sha256', text, 'base64url')
