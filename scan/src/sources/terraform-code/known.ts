/** What an evaluation gives where only a run would tell: the text `${…}`, whose name people know. */
export const unknown = (text: string): string => `\${${text}}`

/** Whether a text, number or the like is known to its last letter. */
export const isKnown = (value: unknown): value is string | number | boolean | null =>
  value === null || typeof value === 'number' || typeof value === 'boolean' || isKnownText(value)

export const isKnownText = (value: unknown): value is string => typeof value === 'string' && !value.includes('${')

/** Whether nothing of a value is known: not even whether it is there. */
export const isWholeUnknown = (value: unknown): boolean =>
  typeof value === 'string' && /^\$\{[^{}]{0,400}\}$/.test(value)

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// Lists and maps that have more in them than is known: who counts them, or goes through them, does not know.
const open = new WeakSet<object>()

/** The same, of which only a part is known. */
export const openEnded = <Value extends object>(value: Value, isSo = true): Value => {
  if (isSo) open.add(value)
  return value
}

export const isOpenEnded = (value: unknown): boolean => typeof value === 'object' && value !== null && open.has(value)

/** The items of a list or set that is wholly there. */
export const listOf = (value: unknown): readonly unknown[] | undefined =>
  Array.isArray(value) && !isOpenEnded(value) ? value : undefined

/** The entries of a map or object whose keys are all known. */
export const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] | undefined =>
  isMap(value) && !isOpenEnded(value) ? Object.entries(value) : undefined
