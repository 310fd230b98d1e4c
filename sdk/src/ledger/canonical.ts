/**
 * The one text of a JSON value (RFC 8785, JSON Canonicalization Scheme): members sorted by UTF-16 code units, no
 * white space, ECMAScript numbers and string escapes. Throws `NotCanonical` on whatever has no such text: undefined,
 * functions, symbols, bigints, NaN and the infinities, lone surrogates, objects that are not plain (dates, maps,
 * boxed values), and values nested deeper than 64 levels, which is also how a cycle is found.
 */
export const canonicalize = (value: unknown): string => write(value, 0, undefined)

/** Says which value has no canonical text, and under which member or index it stands. */
export class NotCanonical extends Error {
  override readonly name = 'NotCanonical'
}

const DEPTH_MAX = 64

const write = (value: unknown, depth: number, at: string | number | undefined): string => {
  switch (typeof value) {
    case 'string':
      return quote(value, at)
    case 'number':
      if (!Number.isFinite(value)) throw notCanonical(`${value} is not JSON`, at)
      // RFC 8785 §3.2.2.3: the ECMAScript text of a number; it writes negative zero as 0.
      return `${value}`
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      if (depth === DEPTH_MAX) throw notCanonical(`nested deeper than ${DEPTH_MAX} levels, or cyclic`, at)
      return Array.isArray(value) ? writeArray(value, depth) : writeObject(value, depth, at)
    default:
      throw notCanonical(`${typeof value} is not JSON`, at)
  }
}

const writeArray = (items: readonly unknown[], depth: number): string => {
  let text = '['
  for (let i = 0; i < items.length; i++) {
    if (i > 0) text += ','
    text += write(items[i], depth + 1, i)
  }
  return `${text}]`
}

const writeObject = (value: object, depth: number, at: string | number | undefined): string => {
  if (!isPlain(value)) throw notCanonical('an object that is not plain is not JSON', at)
  const names = Object.keys(value)
  if (!areSorted(names)) names.sort()
  let text = '{'
  for (const name of names) {
    if (text.length > 1) text += ','
    text += `${quote(name, name)}:${write(value[name], depth + 1, name)}`
  }
  return `${text}}`
}

const isPlain = (value: object): value is Record<string, unknown> => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

// RFC 8785 §3.2.3: by code units, which is what comparing two strings does here. Most objects are made sorted.
const areSorted = (names: readonly string[]): boolean => {
  let before = ''
  for (const name of names) {
    if (name < before) return false
    before = name
  }
  return true
}

// What needs no escape; nearly all texts are such, and this is found out faster than JSON.stringify is called.
const PLAIN = /^[ !#-[\]-~]*$/

// JSON.stringify escapes as RFC 8785 §3.2.2.2 demands, but would hide a lone surrogate behind an escape.
const quote = (text: string, at: string | number | undefined): string => {
  if (PLAIN.test(text)) return `"${text}"`
  if (!text.isWellFormed()) throw notCanonical('a lone surrogate is not text', at)
  return JSON.stringify(text)
}

const notCanonical = (problem: string, at: string | number | undefined): NotCanonical =>
  new NotCanonical(at === undefined ? problem : `${problem} (at ${JSON.stringify(at)})`)
