import { type PolicyEst, withExactNumbers } from '@reeve/cedar'
import { callOfficial } from './official.ts'

/** The parsed form of a policy, or what the official engine says is wrong with its text. */
export type Parsed = { readonly est: PolicyEst } | { readonly errors: readonly ParseError[] }

/** What the official engine says is wrong, and at which byte. */
export interface ParseError {
  readonly message: string
  readonly help: string | null
  readonly sourceLocations?: readonly { readonly start: number }[]
}

/** Parses texts of policies; none when the official engine breaks on one. */
export type PolicyParser = (text: string) => Parsed | undefined

/**
 * Parses one text. What is parsed is remembered and shared: a policy is read when it is checked, when it is compared with
 * what was in force, and when it comes into force. And most sets say a few things about many entities: those that differ in
 * nothing but the ids of entities and the values of annotations are parsed once, by the official engine, and filled in.
 */
export const parsePolicy = (text: string): Parsed | undefined => {
  const known = parsed.get(text)
  if (known !== undefined) return { est: known }
  const blanked = blank(text)
  const form = blanked === undefined ? undefined : estOf(blanked.text)
  // What is wrong with a text is said of the text itself, with its places.
  if (form === undefined || blanked === undefined) return remembered(text, parseOfficially(text))
  return remembered(text, { est: filledIn(form, blanked.values) })
}

/** Parses one text by the official engine. */
export const parseOfficially = (text: string): Parsed | undefined => {
  const called = callOfficial((cedar) => withExactNumbers(text, cedar.policyToJson))
  if (!called.ok) return undefined
  const { result } = called
  return result.type === 'success' ? { est: result.json } : { errors: result.errors }
}

const estOf = (text: string): PolicyEst | undefined => {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const result = remembered(text, parseOfficially(text))
  return result !== undefined && 'est' in result ? result.est : undefined
}

// About ten times as much memory: thousands of policies.
const REMEMBERED_CHARS_MAX = 1_000_000
const parsed = new Map<string, PolicyEst>()
let rememberedChars = 0

/** INVARIANT: what is shared is frozen. */
const remembered = (text: string, result: Parsed | undefined): Parsed | undefined => {
  if (result === undefined || !('est' in result)) return result
  if (rememberedChars + text.length > REMEMBERED_CHARS_MAX) {
    parsed.clear()
    rememberedChars = 0
  }
  parsed.set(text, freeze(result.est))
  rememberedChars += text.length
  return result
}

const freeze = <Part>(part: Part): Part => {
  if (typeof part !== 'object' || part === null) return part
  for (const inner of Object.values(part)) freeze(inner)
  return Object.freeze(part)
}

const TEXT_CHARS_MAX = 4_096

/**
 * INVARIANT: a token here is a token of the language: strings end where it ends them, comments where a line does. Blanked
 * are whole ids (`Type::"id"`) and whole values of annotations (`@name("value")`), which the language takes as they are;
 * so what is parsed of the blanked text has another value in those places, and is else the same.
 */
const TOKENS = /(?<before>::|@[A-Za-z_]\w*\()?"(?<value>[^"]*)"|\/\/[^\n\r]*/gs
const PLAIN = /^[\w .:/@#+~-]*$/
const MARK = '\uFFFD'
// With an escape a text could say the mark itself, and a member `__proto__` is not copied as others are.
const UNSHARED = /\\|\uFFFD|__proto__/

const blank = (text: string): { readonly text: string; readonly values: readonly string[] } | undefined => {
  if (text.length > TEXT_CHARS_MAX || UNSHARED.test(text)) return undefined
  const values: string[] = []
  const blanked = text.replace(TOKENS, (token: string, before: string | undefined, value: string | undefined) => {
    if (before === undefined || value === undefined || !PLAIN.test(value)) return token
    values.push(value)
    return `${before}"${MARK}${values.length - 1}"`
  })
  return values.length === 0 ? undefined : { text: blanked, values }
}

/** A copy of what was parsed of the blanked text, with the values in their places. */
const filledIn = (form: PolicyEst, values: readonly string[]): PolicyEst => {
  const copy = structuredClone(form)
  fillIn(copy, values)
  return copy
}

const fillIn = (part: unknown, values: readonly string[]): void => {
  if (typeof part !== 'object' || part === null) return
  for (const [name, inner] of Object.entries(part))
    if (typeof inner !== 'string') fillIn(inner, values)
    else if (inner.startsWith(MARK)) Reflect.set(part, name, values[Number(inner.slice(MARK.length))])
}
