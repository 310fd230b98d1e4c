/**
 * Parses a policy so that its whole numbers stay what they are.
 *
 * The official engine hands its JSON form out through JavaScript, which rounds numbers beyond 2^53. So each such number
 * is written as another, small one that the text has not got, and put back, as a bigint, into what was parsed.
 */
export const withExactNumbers = <Parsed>(text: string, parse: (text: string) => Parsed): Parsed => {
  const literals = [...text.matchAll(TOKENS)].flatMap(({ groups }) => groups?.number ?? [])
  const large = literals.filter((literal) => BigInt(literal) > SAFE_MAX)
  // The text itself is parsed in any case: whether its numbers are too large is for the official engine to say.
  const parsed = parse(text)
  if (large.length === 0) return parsed
  const substitutes = substitutesFor(large, literals)
  const marked = text.replace(TOKENS, (token) => substitutes.marks.get(token) ?? token)
  return putBack(parse(marked), substitutes.numbers)
}

/** Reads JSON so that its whole numbers stay what they are: those that JavaScript would round come out as bigints. */
export const readJson = (text: string): unknown =>
  JSON.parse(text, (_: string, value: unknown, at?: { source?: string }) => {
    const source = at?.source ?? ''
    return typeof value === 'number' && !Number.isSafeInteger(value) && WHOLE.test(source) ? BigInt(source) : value
  })

const WHOLE = /^-?[0-9]+$/
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER)
// Texts, comments and names are stepped over: digits in them are no numbers. A text without an end goes to the end, or
// each quote in it would be looked at as the beginning of one more.
const TOKENS = /"(?:[^"\\]|\\.|\\$)*(?:"|$)|\/\/[^\n\r]*|[_a-zA-Z][_a-zA-Z0-9]*|(?<number>[0-9]+)/gs
const FIRST_MARK = 2 ** 52

const substitutesFor = (large: readonly string[], literals: readonly string[]) => {
  const taken = new Set(literals.map((literal) => BigInt(literal)))
  const marks = new Map<string, string>()
  const numbers = new Map<number, bigint>()
  let mark = FIRST_MARK
  for (const literal of new Set(large)) {
    while (taken.has(BigInt(mark))) mark++
    marks.set(literal, String(mark))
    numbers.set(mark, BigInt(literal))
    numbers.set(-mark, -BigInt(literal))
    mark++
  }
  return { marks, numbers }
}

const putBack = <Part>(part: Part, numbers: ReadonlyMap<number, bigint>): Part => {
  if (typeof part !== 'object' || part === null) return part
  for (const [name, inner] of Object.entries(part)) {
    const number = typeof inner === 'number' ? numbers.get(inner) : undefined
    if (number === undefined) putBack(inner, numbers)
    else Object.defineProperty(part, name, { value: number, enumerable: true, writable: true, configurable: true })
  }
  return part
}
