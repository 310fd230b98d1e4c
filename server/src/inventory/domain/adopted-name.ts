import { createHash } from 'node:crypto'

const NAME_MAX = 50
const ALLOWED = /[a-z0-9._-]/
const isEdge = (char: string): boolean => /[a-z0-9]/.test(char)

/** The name that a sighting gets when it is adopted without somebody to think of one. */
export const adoptedName = (name: string): string => {
  const plain = [...name.toLowerCase()].slice(0, NAME_MAX).map((char) => (ALLOWED.test(char) ? char : '-'))
  const first = plain.findIndex(isEdge)
  const trimmed = first === -1 ? '' : plain.slice(first, plain.findLastIndex(isEdge) + 1).join('')
  // A name is no id, and has at least two characters.
  return trimmed.length < 2 || /^(?:nhi|team)_/.test(trimmed) ? `seen-${trimmed || 'identity'}` : trimmed
}

/** As `adoptedName`, where that is taken: the same again for the same stable key. */
export const adoptedNameOf = (name: string, stableKey: string): string =>
  `${adoptedName(name)}-${createHash('sha256').update(stableKey).digest('hex').slice(0, 8)}`
