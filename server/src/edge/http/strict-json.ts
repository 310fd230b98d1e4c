import { coreFault } from '../../kit/fault.ts'

const DEPTH_MAX = 32
const ELEMENTS_MAX = 50_000
const POISON = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Parses a JSON body and refuses what parsers disagree about: a member named twice (RFC 8259 §4 leaves it open), names
 * that reach into prototypes, nesting beyond 32, more than 50,000 elements. Linear in the text.
 */
export const parseStrictJson = (text: string): unknown => {
  const refuse = (about: string) => coreFault('invalid_input', { places: [{ pointer: '', detail: about }] })
  if (text === '') return {}
  const problem = inspect(text)
  if (problem !== undefined) throw refuse(problem)
  try {
    return JSON.parse(text)
  } catch {
    throw refuse(NOT_JSON)
  }
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
