/** What is wrong with a form: a code of the broker, and what it is about. */
export interface FormProblem {
  readonly code: 'parameter_invalid' | 'resource_several'
  readonly about?: string
}

/**
 * Reads `application/x-www-form-urlencoded` for OAuth: a parameter that is there twice is refused and one without a
 * value was not sent (RFC 6749 §3.1, §3.2).
 */
export const readForm = (body: string): ReadonlyMap<string, string> | FormProblem => {
  const form = new Map<string, string>()
  if (body === '') return form
  const seen = new Set<string>()
  for (const pair of body.split('&', PARAMETERS_MAX + 1)) {
    if (seen.size >= PARAMETERS_MAX) return invalid(`there are more than ${PARAMETERS_MAX}`)
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1))
    if (name === undefined || value === undefined)
      return invalid(`${shown(name)} is not written as UTF-8 with percent signs`)
    if (!isText(value)) return invalid(`${shown(name)} is longer than ${VALUE_MAX} characters, or holds U+0000`)
    if (seen.has(name)) return ofTwo(name)
    seen.add(name)
    if (value !== '') form.set(name, value)
  }
  return form
}

/** Whether a form could be read. */
export const isForm = (read: ReadonlyMap<string, string> | FormProblem): read is ReadonlyMap<string, string> =>
  read instanceof Map

const invalid = (about: string): FormProblem => ({ code: 'parameter_invalid', about })

// RFC 8707 §2 and RFC 8693 §2.1 let several of these two be sent, and a server give a token for one of them only.
const ofTwo = (name: string): FormProblem =>
  name === 'resource' || name === 'audience' ? { code: 'resource_several' } : invalid(`${shown(name)} is there twice`)

// A name may be anything, a secret too.
const shown = (name = ''): string => (/^[a-z_]{1,40}$/.test(name) ? name : 'one')

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
