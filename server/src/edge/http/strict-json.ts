import { coreFault } from '../../kit/fault.ts'

const DEPTH_MAX = 32
const ELEMENTS_MAX = 50_000
const POISON = new Set(['__proto__', 'constructor', 'prototype'])
const POISON_LENGTHS = new Set(Array.from(POISON, ({ length }) => length))
// Of more members in one object the names are looked up, not compared.
const NAMES_MAX = 16

/**
 * Parses a JSON body and refuses what parsers disagree about: a member named twice (RFC 8259 §4 leaves it open), names
 * that reach into prototypes, nesting beyond 32, more than 50,000 elements. Linear in the text.
 */
export const parseStrictJson = (text: string): unknown => {
  const refuse = (about: string) => coreFault('invalid_input', { places: [{ pointer: '', detail: about }] })
  if (text === '') return {}
  const problem = isPlain(text) ? undefined : inspect(text)
  if (problem !== undefined) throw refuse(problem)
  try {
    return JSON.parse(text)
  } catch {
    throw refuse(NOT_JSON)
  }
}

// What one look works with, made once: where the names of the open objects begin in the text, how long they are, and of
// each open level whether it is an object and where its names begin in those lists.
const STARTS = new Int32Array(DEPTH_MAX * NAMES_MAX)
const LENGTHS = new Int32Array(DEPTH_MAX * NAMES_MAX)
const BASES = new Int32Array(DEPTH_MAX + 1)
const OBJECTS = new Uint8Array(DEPTH_MAX + 1)
const LOOK = { depth: 0, count: 0, expectsName: false }

/**
 * Whether a text is what most bodies are, without an escape and with a few members in each object, and `inspect` would find
 * nothing wrong with it, which takes three times as long. INVARIANT: false wherever that is not sure.
 */
const isPlain = (text: string): boolean => {
  LOOK.depth = 0
  LOOK.count = 0
  LOOK.expectsName = false
  let elements = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const start = at + 1
      at = endOfPlain(text, start)
      if (at < 0 || (LOOK.expectsName && !isNewName(text, start, at - start))) return false
    } else if (code === COMMA) {
      elements++
      LOOK.expectsName = OBJECTS[LOOK.depth] === 1
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      elements++
      if (!isOpened(code === OPEN_OBJECT)) return false
    } else if ((code === CLOSE_OBJECT || code === CLOSE_LIST) && !isClosed()) return false
  }
  return elements <= ELEMENTS_MAX
}

/** False of one level too many. */
const isOpened = (isObject: boolean): boolean => {
  if (LOOK.depth === DEPTH_MAX) return false
  LOOK.depth++
  LOOK.expectsName = isObject
  OBJECTS[LOOK.depth] = isObject ? 1 : 0
  BASES[LOOK.depth] = LOOK.count
  return true
}

/** False where nothing is open. */
const isClosed = (): boolean => {
  if (LOOK.depth === 0) return false
  LOOK.count = BASES[LOOK.depth] ?? 0
  LOOK.depth--
  LOOK.expectsName = false
  return true
}

/** The index of the closing quote; -1 where there is none, or a backslash before it. */
const endOfPlain = (text: string, start: number): number => {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) return -1
  }
  return -1
}

/** Remembers a name; false of one that is not allowed, that the object has already, or that is one too many. */
const isNewName = (text: string, start: number, length: number): boolean => {
  const { count, depth } = LOOK
  const base = BASES[depth] ?? 0
  if (count - base === NAMES_MAX) return false
  for (let one = base; one < count; one++)
    if (LENGTHS[one] === length && isSame(text, STARTS[one] ?? 0, start, length)) return false
  if (POISON_LENGTHS.has(length) && POISON.has(text.slice(start, start + length))) return false
  STARTS[count] = start
  LENGTHS[count] = length
  LOOK.count = count + 1
  LOOK.expectsName = false
  return true
}

const isSame = (text: string, one: number, other: number, length: number): boolean => {
  for (let at = 0; at < length; at++) if (text.charCodeAt(one + at) !== text.charCodeAt(other + at)) return false
  return true
}

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
