import type { EntityUid } from '../entity-uid.ts'

/**
 * Reads the name of an entity in either of its JSON forms.
 *
 * A text says that it is a name and what is wrong with it; undefined, that it is no name at all.
 */
export const readUid = (written: unknown): EntityUid | string | undefined => {
  if (typeof written !== 'object' || written === null) return undefined
  if ('__entity' in written) return typeAndId(written.__entity)
  return typeAndId(written)
}

/** Whether a text is the name of a type: identifiers joined by `::`, none of them reserved. */
const isTypeName = (type: string): boolean => {
  if (known.has(type)) return true
  if (!TYPE_NAME.test(type)) return false
  for (const part of type.split('::')) if (RESERVED.has(part)) return false
  if (known.size < KNOWN_MAX) known.add(type)
  return true
}

const typeAndId = (written: unknown): EntityUid | string | undefined => {
  if (typeof written !== 'object' || written === null || !('type' in written) || !('id' in written)) return undefined
  const { type, id } = written
  if (typeof type !== 'string' || typeof id !== 'string') return undefined
  if (!isTypeName(type)) return 'an entity has a type that is not the name of a type'
  return id.isWellFormed() ? { type, id } : 'an entity has an id that is not valid Unicode'
}

const TYPE_NAME = /^[_a-zA-Z][_a-zA-Z0-9]*(?:::[_a-zA-Z][_a-zA-Z0-9]*)*$/
const RESERVED = new Set(['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has', '__cedar'])

// Few types are met again and again; bounded, because callers choose them.
const known = new Set<string>()
const KNOWN_MAX = 1_000
