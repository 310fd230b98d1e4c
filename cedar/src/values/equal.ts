import { type Fields, placeOf, type SetValue, type Value, valueAt } from './value.ts'

/** Whether two values are the same; values of different types never are. */
export const isEqual = (one: Value, other: Value): boolean => {
  if (one === other) return true
  // INVARIANT: longs and strings have one form each, so those that are not identical differ.
  if (typeof one !== 'object' || typeof other !== 'object') return false
  switch (one.kind) {
    case 'entity':
      return other.kind === 'entity' && one.key === other.key
    case 'set':
      return other.kind === 'set' && isEverywhere(one, other) && isEverywhere(other, one)
    case 'record':
      return other.kind === 'record' && isSameFields(one, other)
    case 'decimal':
      return other.kind === 'decimal' && one.tenThousandths === other.tenThousandths
    case 'ip':
      return other.kind === 'ip' && one.address === other.address && one.prefixBits === other.prefixBits
    default:
      return other.kind === one.kind && other.milliseconds === one.milliseconds
  }
}

/** Whether a set holds a value. */
export const holds = (set: SetValue, value: Value): boolean => {
  if (set.items.length > SCAN_MAX) {
    set.index ??= indexOf(set.items)
    return typeof value === 'object' ? set.index.complex.has(text(value)) : set.index.plain.has(value)
  }
  for (const item of set.items) if (isEqual(item, value)) return true
  return false
}

/** Whether every item of one set is in another. */
export const isEverywhere = (items: SetValue, within: SetValue): boolean => {
  for (const item of items.items) if (!holds(within, item)) return false
  return true
}

const SCAN_MAX = 8

/** Whether two records, or entities, have the same fields. */
export const isSameFields = (one: Fields, other: Fields): boolean => {
  if (one.names.length !== other.names.length) return false
  for (const [at, name] of one.names.entries()) {
    const mine = valueAt(one, at)
    const yours = valueAt(other, placeOf(other.names, name))
    if (mine === undefined || yours === undefined || !isEqual(mine, yours)) return false
  }
  return true
}

const indexOf = (items: readonly Value[]): NonNullable<SetValue['index']> => {
  const plain = new Set<Value>()
  const complex = new Set<string>()
  for (const item of items) {
    if (typeof item === 'object') complex.add(text(item))
    else plain.add(item)
  }
  return { plain, complex }
}

/** A text that is equal for equal values only. INVARIANT: every string in it is quoted, every list bracketed. */
const text = (value: Value): string => {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object') return String(value)
  switch (value.kind) {
    case 'entity':
      return `e${JSON.stringify(value.key)}`
    case 'set':
      return `s[${[...new Set(value.items.map(text))].sort()}]`
    case 'record':
      return `r{${value.names.map((name, at) => `${JSON.stringify(name)}:${text(valueAt(value, at) ?? '')}`).sort()}}`
    case 'decimal':
      return `d${value.tenThousandths}`
    case 'ip':
      return `i${value.version}/${value.address}/${value.prefixBits}`
    default:
      return `${value.kind}${value.milliseconds}`
  }
}
