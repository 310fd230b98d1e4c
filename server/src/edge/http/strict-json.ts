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
  if (text.trim() === '') return {}
  const problem = inspect(text)
  if (problem !== undefined) throw refuse(problem)
  try {
    return JSON.parse(text)
  } catch {
    throw refuse('the body is not valid JSON')
  }
}

interface Level {
  readonly isObject: boolean
  readonly names: Set<string>
  expectsName: boolean
}

/** One pass before parsing, without building anything: what is wrong with the structure, if anything. */
const inspect = (text: string): string | undefined => {
  const stack: Level[] = []
  let elements = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') {
      const end = endOfString(text, at)
      const problem = end < 0 ? 'the body is not valid JSON' : checkString(text.slice(at, end + 1), stack.at(-1))
      if (problem !== undefined) return problem
      at = end
    } else if (isCounted(char, stack)) {
      elements++
      if (elements > ELEMENTS_MAX) return `more than ${ELEMENTS_MAX} elements`
      if (stack.length > DEPTH_MAX) return `nested deeper than ${DEPTH_MAX}`
    }
  }
  return undefined
}

/** Follows the structure by one character; true where an element begins. */
const isCounted = (char: string | undefined, stack: Level[]): boolean => {
  if (char === '{' || char === '[') {
    stack.push({ isObject: char === '{', names: new Set(), expectsName: char === '{' })
    return true
  }
  if (char === '}' || char === ']') stack.pop()
  if (char !== ',') return false
  const level = stack.at(-1)
  if (level !== undefined) level.expectsName = level.isObject
  return true
}

const checkString = (quoted: string, level: Level | undefined): string | undefined =>
  level?.isObject === true && level.expectsName ? checkName(quoted, level) : undefined

const checkName = (quoted: string, level: Level): string | undefined => {
  level.expectsName = false
  let name: unknown
  try {
    name = JSON.parse(quoted)
  } catch {
    return 'the body is not valid JSON'
  }
  if (typeof name !== 'string') return 'the body is not valid JSON'
  if (POISON.has(name)) return 'a member has a name that is not allowed'
  if (level.names.has(name)) return 'a member is named twice'
  level.names.add(name)
  return undefined
}

/** The index of the closing quote, or -1. */
const endOfString = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return -1
}
