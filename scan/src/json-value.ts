/** JSON that somebody else wrote, read one step at a time; what has another shape than expected reads as nothing. */

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value as an object; an empty one when it is none. */
export const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {})

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The objects of a list. */
export const objectsOf = (value: unknown): readonly JsonObject[] => listOf(value).filter(isObject)

/** A field's text; empty when it has none. `Object.hasOwn`, because a file may ask for `__proto__`. */
export const textOf = (object: JsonObject, field: string): string => {
  const value = Object.hasOwn(object, field) ? object[field] : undefined
  return typeof value === 'string' ? value : ''
}

/** One text or several, as AWS writes lists of one. */
export const textsOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((one) =>
    typeof one === 'string' ? [one] : typeof one === 'number' || typeof one === 'boolean' ? [String(one)] : [],
  )

/** The JSON of a text, or nothing; what is wrong with it would quote it. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
