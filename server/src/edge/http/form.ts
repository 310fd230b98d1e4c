/**
 * Reads `application/x-www-form-urlencoded` for OAuth: a parameter that is there twice is refused and one without a
 * value was not sent (RFC 6749 §3.1, §3.2). Undefined when the body is malformed.
 */
export const readForm = (body: string): ReadonlyMap<string, string> | undefined => {
  const form = new Map<string, string>()
  if (body === '') return form
  const seen = new Set<string>()
  for (const pair of body.split('&', PARAMETERS_MAX + 1)) {
    if (seen.size >= PARAMETERS_MAX) return undefined
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1))
    if (name === undefined || value === undefined || !isText(value) || seen.has(name)) return undefined
    seen.add(name)
    if (value !== '') form.set(name, value)
  }
  return form
}

const PARAMETERS_MAX = 30
const VALUE_MAX = 8192

// PostgreSQL has no text with U+0000.
const isText = (value: string): boolean => value.length <= VALUE_MAX && !value.includes('\0')

const decode = (part: string): string | undefined => {
  const text = part.includes('+') ? part.replaceAll('+', ' ') : part
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
