import { type FrozenTable, frozenTable, type Named } from './frozen-table.ts'

/**
 * An immutable map, by their ids, of many entries with few changes: a large layer that is shared, and a small one of what
 * changed since.
 */
export interface LayeredMap<Value extends Named> {
  readonly size: number
  get(id: string): Value | undefined
  /** The same for whoever has the id's hash. */
  find(id: string, hash: number): Value | undefined
  values(): Generator<Value>
  /** The map after the changes; `undefined` removes. */
  with(changes: ReadonlyMap<string, Value | undefined>): LayeredMap<Value>
}

/** A map without entries. */
export const emptyLayeredMap = <Value extends Named>(): LayeredMap<Value> =>
  layeredMap(new Map(), undefined, new Map(), 0)

// A change copies the small layer, and every so often the large one: rarely enough to be cheap on average, and cheap
// enough (some milliseconds for 100,000 entries) not to be felt when it happens.
const CHANGED_MAX = 256

const layeredMap = <Value extends Named>(
  base: ReadonlyMap<string, Value>,
  table: FrozenTable<Value> | undefined,
  changed: ReadonlyMap<string, Value | undefined>,
  size: number,
): LayeredMap<Value> => ({
  size,
  get(id) {
    if (changed.size > 0) {
      const value = changed.get(id)
      // What is small was never merged; of the rest, only a removal has no value.
      if (value !== undefined || base.size === 0 || changed.has(id)) return value
    }
    return table === undefined ? base.get(id) : table.get(id)
  },
  find(id, hash) {
    if (changed.size > 0) {
      const value = changed.get(id)
      if (value !== undefined || base.size === 0 || changed.has(id)) return value
    }
    return table === undefined ? base.get(id) : table.find(id, hash)
  },
  *values() {
    for (const [key, value] of base) if (!changed.has(key)) yield value
    for (const value of changed.values()) if (value !== undefined) yield value
  },
  with(changes) {
    const next = new Map(changed)
    let grown = size
    for (const [key, value] of changes) {
      const before = next.has(key) ? next.get(key) : base.get(key)
      grown += (value === undefined ? 0 : 1) - (before === undefined ? 0 : 1)
      next.set(key, value)
    }
    if (next.size <= CHANGED_MAX) return layeredMap(base, table, next, grown)
    const all = merged(base, next)
    return layeredMap(all, frozenTable(all), new Map(), grown)
  },
})

const merged = <Value>(
  base: ReadonlyMap<string, Value>,
  changed: ReadonlyMap<string, Value | undefined>,
): Map<string, Value> => {
  const all = new Map(base)
  for (const [key, value] of changed) {
    if (value === undefined) all.delete(key)
    else all.set(key, value)
  }
  return all
}
