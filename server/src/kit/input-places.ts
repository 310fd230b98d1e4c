import type { z } from 'zod'
import type { FaultPlace } from './fault.ts'
import { looksSecret, withoutSecrets } from './secret-shape.ts'

/** Where an input does not fit and why, in words that quote nothing of the input but names that a field could have. */
export const inputPlaces = (issues: readonly z.core.$ZodIssue[]): FaultPlace[] =>
  issues.flatMap(placesOf).slice(0, PLACES_MAX)

const PLACES_MAX = 20
const DETAIL_CHARS_MAX = 200

const placesOf = (issue: z.core.$ZodIssue): FaultPlace[] => {
  const pointer = issue.path.map((part) => `/${nameOf(String(part))}`).join('')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ pointer: `${pointer}/${unknownName(key)}`, detail: 'there is no such field' }))
  // A record says what is wrong with it as a whole; its key's own words say more.
  if (issue.code === 'invalid_key' && issue.issues[0] !== undefined)
    return [{ pointer, detail: withoutSecrets(issue.issues[0].message).slice(0, DETAIL_CHARS_MAX) }]
  return [{ pointer, detail: withoutSecrets(issue.message).slice(0, DETAIL_CHARS_MAX) }]
}

const WITHHELD = '*'
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/
// A misspelt field has letters; anything else might be a value in the place of a name.
const WORDS = /^[A-Za-z][A-Za-z_-]{0,39}$/

const nameOf = (part: string): string => (NAME.test(part) && !looksSecret(part) ? part : WITHHELD)
const unknownName = (key: string): string => (WORDS.test(key) && !looksSecret(key) ? key : WITHHELD)
