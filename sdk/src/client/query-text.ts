/**
 * An input as the query of a read: a list repeats its name, a record has a dot before each key
 * (`tags.application=orders`), and what is undefined or null is left out.
 */
export const queryText = (input: unknown): string => {
  const query = new URLSearchParams()
  for (const [name, value] of entriesOf(input)) {
    if (Array.isArray(value)) for (const part of value.filter(isGiven)) query.append(name, String(part))
    else if (typeof value === 'object')
      for (const [part, inner] of entriesOf(value)) query.append(`${name}.${part}`, String(inner))
    else query.append(name, String(value))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value).filter(([, inner]) => isGiven(inner)) : []

const isGiven = (value: unknown): boolean => value !== undefined && value !== null
