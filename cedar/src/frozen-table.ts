/** Finds what a text stands for among very many. */
export type FrozenTable<Value> = (key: string) => Value | undefined

/**
 * Makes a table of a map: where a map of 100,000 entries walks a chain through memory, this looks at one place of a dense
 * list of hashes, and then at the one entry. Undefined when the keys are too few to gain by it, or collide too often.
 */
export const frozenTable = <Value>(entries: ReadonlyMap<string, Value>): FrozenTable<Value> | undefined => {
  if (entries.size < ENTRIES_MIN) return undefined
  const places = 2 ** Math.ceil(Math.log2(entries.size * 2))
  const last = places - 1
  // Zero is a place without entry.
  const hashes = new Int32Array(places)
  const keys: (string | undefined)[] = new Array<undefined>(places).fill(undefined)
  const values: (Value | undefined)[] = new Array<undefined>(places).fill(undefined)
  for (const [key, value] of entries) {
    const hash = hashOf(key)
    let place = hash & last
    for (let probes = 0; hashes[place] !== 0; probes++) {
      // Whoever chooses keys that collide gets the map, which has a hash of its own.
      if (probes > PROBES_MAX) return undefined
      place = (place + 1) & last
    }
    hashes[place] = hash
    keys[place] = key
    values[place] = value
  }
  return (key) => {
    const hash = hashOf(key)
    for (let place = hash & last; ; place = (place + 1) & last) {
      const there = hashes[place]
      if (there === hash && keys[place] === key) return values[place]
      if (there === 0) return undefined
    }
  }
}

const ENTRIES_MIN = 256
const PROBES_MAX = 64

// FNV-1a with its bits mixed once more; spread is all that is asked of it, for keys are compared.
const hashOf = (key: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) | 0 || 1
}
