/** What is found by its own id. */
export interface Named {
  readonly id: string
}

/** Finds what has an id among very many. */
export interface FrozenTable<Value> {
  get(id: string): Value | undefined
  /** The same for whoever has the id's hash, as one has who looks into several tables. */
  find(id: string, hash: number): Value | undefined
}

/**
 * Makes a table of a map. A map of 100,000 entries walks a chain through memory, and at its end to the text of the id; this
 * has hashes and letters in small dense lists, so that little is waited for but the entry. Undefined when the entries are too few to gain by it, or collide too often.
 */
export const frozenTable = <Value extends Named>(
  entries: ReadonlyMap<string, Value>,
): FrozenTable<Value> | undefined => {
  if (entries.size < ENTRIES_MIN) return undefined
  const values = [...entries.values()]
  // What there is at a place: the number of an entry, counted from one, and above it as much of its hash as there is room for.
  const places = new Int32Array(2 ** Math.ceil(Math.log2(values.length * 2)))
  const last = places.length - 1
  const numberBits = 2 ** Math.ceil(Math.log2(values.length + 1)) - 1
  const letters = new Int32Array(values.length * WORDS.length)
  for (const [number, { id }] of values.entries()) {
    const hash = hashOf(id)
    let place = hash & last
    for (let probes = 0; places[place] !== 0; probes++) {
      // Whoever chooses ids that collide gets the map, which has a hash of its own.
      if (probes > PROBES_MAX) return undefined
      place = (place + 1) & last
    }
    places[place] = (hash & ~numberBits) | (number + 1)
    letters.set(WORDS, number * WORDS.length)
  }
  const find = (id: string, hash: number, isPacked: boolean): Value | undefined => {
    for (let place = hash & last; ; place = (place + 1) & last) {
      const there = places[place] ?? 0
      if (there === 0) return undefined
      if (((there ^ hash) & ~numberBits) !== 0) continue
      const number = (there & numberBits) - 1
      const value = values[number]
      if (!isPacked) hashOf(id)
      if (WORDS[LENGTH] === UNPACKED ? value?.id === id : isPackedAt(letters, number * WORDS.length)) return value
    }
  }
  return { get: (id) => find(id, hashOf(id), true), find: (id, hash) => find(id, hash, false) }
}

const ENTRIES_MIN = 256
const PROBES_MAX = 64

// The letters of the id that was hashed last, four to a word, and how many there are; half a line of the processor's cache.
const WORDS = new Int32Array(8)
const LENGTH = 7
const LETTERS_MAX = 28
// What is too long, or has letters that are not of one byte, is compared as a text.
const UNPACKED = -1

const isPackedAt = (letters: Int32Array, slot: number): boolean => {
  const length = WORDS[LENGTH] ?? 0
  if (letters[slot + LENGTH] !== length) return false
  for (let at = 0; at << 2 < length; at++) if (letters[slot + at] !== WORDS[at]) return false
  return true
}

/**
 * The hash of an id, four letters at a time. Spread is all that is asked of it, for ids are compared; never zero, and of so
 * few bits that it needs no memory of its own where it is kept.
 */
export const hashOf = (id: string): number => {
  const { length } = id
  let hash = length
  let wide = 0
  let word = 0
  for (let at = 0; at < length; at++) {
    const letter = id.charCodeAt(at)
    wide |= letter
    word ^= letter << ((at & 3) << 3)
    if ((at & 3) === 3 || at === length - 1) {
      hash = mixed(hash, word)
      if (at < LETTERS_MAX) WORDS[at >> 2] = word
      word = 0
    }
  }
  WORDS[LENGTH] = wide > 255 || length > LETTERS_MAX ? UNPACKED : length
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) & BITS || 1
}

const mixed = (hash: number, word: number): number => {
  const product = Math.imul(hash ^ word, 0x9e3779b1)
  return (product << 13) | (product >>> 19)
}

const BITS = 2 ** 30 - 1
