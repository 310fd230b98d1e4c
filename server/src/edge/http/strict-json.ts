import { coreFault } from '../../kit/fault.ts'

const DEPTH_MAX = 32
const ELEMENTS_MAX = 50_000
const POISON = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Parses a JSON body and refuses what parsers disagree about: a member named twice (RFC 8259 §4 leaves it open), names
 * that reach into prototypes, nesting beyond 32, more than 50,000 elements. Linear in the text.
 */
export const parseStrictJson = (text: string): unknown => {
  if (text === '') return {}
  const plain = parsePlain(text)
  if (plain !== undefined) return plain.value
  const problem = inspect(text)
  if (problem !== undefined) throw refused(problem)
  try {
    return JSON.parse(text)
  } catch {
    throw refused(NOT_JSON)
  }
}

const refused = (about: string) => coreFault('invalid_input', { places: [{ pointer: '', detail: about }] })

/**
 * What most bodies are: without an escape, within the bounds, and with as many members as their text names. INVARIANT: the
 * closer look finds nothing wrong with what this takes; whatever it does not take is left to that, which says why.
 */
const parsePlain = (text: string): { readonly value: unknown } | undefined => {
  const members = membersNamed(text)
  if (members === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    // In JSON each colon outside a string is one member's, and of two with one name the value has one.
    return membersOf(value) === members ? { value } : undefined
  } catch {
    return undefined
  }
}

/** How many members the text names, if it is JSON at all; undefined of what has an escape or is beyond a bound. */
const membersNamed = (text: string): number | undefined => {
  let [members, elements, depth] = [0, 0, 0]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfPlain(text, at)
      if (at < 0) return undefined
    } else if (code === COLON) members++
    else if (code === COMMA) elements++
    else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      elements++
      if (++depth > DEPTH_MAX) return undefined
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) depth--
  }
  return elements > ELEMENTS_MAX ? undefined : members
}

/** The index of the closing quote; -1 where there is none, or a backslash before it. */
const endOfPlain = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) return -1
  }
  return -1
}

/** How many members a value has, at every level; NaN, which equals nothing, where one has a name that is not allowed. */
const membersOf = (value: unknown): number => {
  if (!isObject(value)) return 0
  let members = 0
  // Of what JSON.parse makes, each name that is counted here is the object's own; of a list they are its places.
  for (const name in value) {
    if (POISON.has(name)) return Number.NaN
    members++
    if (typeof value[name] === 'object') members += membersOf(value[name])
  }
  return Array.isArray(value) ? members - value.length : members
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** An open object or list; `names` is made when an object has its first member, and is a set when it has many. */
interface Level {
  readonly isObject: boolean
  names: string[] | Set<string> | undefined
  expectsName: boolean
}

// Up to this many, looking at each is quicker than hashing.
const LISTED_MAX = 8

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** One pass before parsing, without building anything but names: what is wrong with the structure, if anything. */
const inspect = (text: string): string | undefined => {
  const stack: Level[] = []
  let elements = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      const problem = end < 0 ? NOT_JSON : checkString(text, at, end, stack.at(-1))
      if (problem !== undefined) return problem
      at = end
    } else if (isCounted(code, stack)) {
      elements++
      if (elements > ELEMENTS_MAX) return `more than ${ELEMENTS_MAX} elements`
      if (stack.length > DEPTH_MAX) return `nested deeper than ${DEPTH_MAX}`
    }
  }
  return undefined
}

const NOT_JSON = 'the body is not valid JSON'

/** Follows the structure by one character; true where an element begins. */
const isCounted = (code: number, stack: Level[]): boolean => {
  if (code === OPEN_OBJECT || code === OPEN_LIST) {
    const isObject = code === OPEN_OBJECT
    stack.push({ isObject, names: undefined, expectsName: isObject })
    return true
  }
  if (code === CLOSE_OBJECT || code === CLOSE_LIST) stack.pop()
  if (code !== COMMA) return false
  const level = stack.at(-1)
  if (level !== undefined) level.expectsName = level.isObject
  return true
}

/** What is wrong with a string where it stands: values are left to JSON.parse. */
const checkString = (text: string, start: number, end: number, level: Level | undefined): string | undefined => {
  if (level?.expectsName !== true) return undefined
  level.expectsName = false
  const plain = text.slice(start + 1, end)
  // Without an escape a name is what it looks like; a character that JSON does not allow is left to JSON.parse as well.
  const name = plain.includes('\\') ? unescaped(plain) : plain
  if (name === undefined) return NOT_JSON
  if (POISON.has(name)) return 'a member has a name that is not allowed'
  return isFirst(name, level) ? undefined : 'a member is named twice'
}

const unescaped = (plain: string): string | undefined => {
  try {
    const name: unknown = JSON.parse(`"${plain}"`)
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}

/** Remembers the name; false when the object has a member of it already. */
const isFirst = (name: string, level: Level): boolean => {
  const { names } = level
  if (names === undefined) level.names = [name]
  else if (names instanceof Set) {
    if (names.has(name)) return false
    names.add(name)
  } else {
    if (names.includes(name)) return false
    names.push(name)
    if (names.length > LISTED_MAX) level.names = new Set(names)
  }
  return true
}

/** The index of the closing quote, or -1. */
const endOfString = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) return at
  }
  return -1
}
