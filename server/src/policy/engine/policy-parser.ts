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
 * Makes a parser for many policies. Most sets say a few things about many entities: those that differ in nothing but the
 * ids of entities and the values of annotations are parsed once, by the official engine, and the others filled in.
 */
export const policyParser = (): PolicyParser => {
  const forms = new Map<string, PolicyEst | undefined>()
  const formOf = (text: string): PolicyEst | undefined => {
    if (forms.has(text)) return forms.get(text)
    const parsed = parsePolicy(text)
    const form = parsed !== undefined && 'est' in parsed ? parsed.est : undefined
    if (forms.size < FORMS_MAX) forms.set(text, form)
    return form
  }
  return (text) => {
    const blanked = blank(text)
    const form = blanked === undefined ? undefined : formOf(blanked.text)
    // What is wrong with a text is said of the text itself, with its places.
    return form === undefined || blanked === undefined ? parsePolicy(text) : { est: filledIn(form, blanked.values) }
  }
}

/** Parses one text. */
export const parsePolicy = (text: string): Parsed | undefined => {
  const called = callOfficial((cedar) => withExactNumbers(text, cedar.policyToJson))
  if (!called.ok) return undefined
  const { result } = called
  return result.type === 'success' ? { est: result.json } : { errors: result.errors }
}

const FORMS_MAX = 500
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
