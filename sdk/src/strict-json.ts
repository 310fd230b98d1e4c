/** Any JSON object. */
export type JsonObject = { readonly [name: string]: unknown }

/** Says whether a value is a JSON object, not an array and not null. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The object that a text holds, or undefined: when it is no JSON object, names a member twice or nests too deep.
 * RFC 7519 §4 and RFC 7515 §4 allow the refusal of a doubled member; two parsers would read it differently.
 */
export const parseStrictObject = (text: string): JsonObject | undefined => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isJsonObject(value) && (isWrittenPlainly(value, text) || hasDistinctMembers(text)) ? value : undefined
}

const depthMax = 32
const quote = 0x22
const backslash = 0x5c

/** The quick answer for what this issuer writes: shallow, and a text that comes out the same again names nothing twice. */
const isWrittenPlainly = (value: JsonObject, text: string): boolean =>
  opensAtMost(text, '{', depthMax / 2) && opensAtMost(text, '[', depthMax / 2) && JSON.stringify(value) === text

const opensAtMost = (text: string, bracket: string, times: number): boolean => {
  let left = times
  for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
    left -= 1
    if (left < 0) return false
  }
  return true
}

/** One pass over text that is known to be valid JSON. */
const hasDistinctMembers = (text: string): boolean => {
  const open: (Set<string> | undefined)[] = []
  let members: Set<string> | undefined
  let isNameNext = false
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
        open.push(members)
        members = new Set()
        isNameNext = true
        break
      case 0x5b: // [
        open.push(members)
        members = undefined
        isNameNext = false
        break
      case 0x7d: // }
      case 0x5d: // ]
        members = open.pop()
        isNameNext = false
        break
      case 0x2c: // ,
        isNameNext = members !== undefined
        break
      case quote: {
        const end = stringEnd(text, at)
        if (isNameNext && members !== undefined) {
          const name = nameOf(text.slice(at, end + 1))
          if (members.has(name)) return false
          members.add(name)
          isNameNext = false
        }
        at = end
      }
    }
    if (open.length > depthMax) return false
  }
  return true
}

const stringEnd = (text: string, start: number): number => {
  let at = start + 1
  while (text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1
  return at
}

const nameOf = (quoted: string): string => (quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1))
