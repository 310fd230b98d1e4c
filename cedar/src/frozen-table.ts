/** What is found by its own id. */
export interface Named {
  readonly id: string
}

/** Finds what has an id among very many; the hash is the id's, which whoever looks in several tables works out once. */
export type FrozenTable<Value> = (id: string, hash: number) => Value | undefined

/**
 * Makes a table of a map. A map of 100,000 entries walks a chain through memory, and at its end to the text of the id; this
 * has hashes and letters in small dense lists, so that little is waited for but the entry. Undefined when the entries are too few to gain by it, or collide too often.
 */
export const frozenTable = <Value extends Named>(
  entries: ReadonlyMap<string, Value>,
): FrozenTable<Value> | undefined => {
  if (entries.size < ENTRIES_MIN) return undefined
  const start = commonStart(entries.keys())
  const values = [...entries.values()]
  // What there is at a place: the number of an entry, counted from one, and above it as much of its hash as there is room for.
  const places = new Int32Array(2 ** Math.ceil(Math.log2(values.length * 2)))
  const last = places.length - 1
  const numberBits = 2 ** Math.ceil(Math.log2(values.length + 1)) - 1
  const letters = new Int32Array(values.length * SLOT)
  for (const [number, { id }] of values.entries()) {
    const hash = hashOf(id)
    let place = hash & last
    for (let probes = 0; places[place] !== 0; probes++) {
      // Whoever chooses ids that collide gets the map, which has a hash of its own.
      if (probes > PROBES_MAX) return undefined
      place = (place + 1) & last
    }
    places[place] = (hash & ~numberBits) | (number + 1)
    write(letters, number * SLOT, id, start.length)
  }
  return (id, hash) => {
    for (let place = hash & last; ; place = (place + 1) & last) {
      const there = places[place] ?? 0
      if (there === 0) return undefined
      if (((there ^ hash) & ~numberBits) !== 0) continue
      const number = (there & numberBits) - 1
      const value = values[number]
      if (letters[number * SLOT + LENGTH] === UNWRITTEN) {
        if (value?.id === id) return value
      } else if (isWritten(letters, number * SLOT, id, start)) return value
    }
  }
}

const ENTRIES_MIN = 256
const PROBES_MAX = 64

/**
 * The hash of an id, four letters at a time. Spread is all that is asked of it, for ids are compared; never zero, and of so
 * few bits that it needs no memory of its own where it is kept.
 */
export const hashOf = (id: string): number => {
  const { length } = id
  let hash = length
  let at = 0
  for (; at + 3 < length; at += 4)
    hash = mixed(
      hash,
      id.charCodeAt(at) ^ (id.charCodeAt(at + 1) << 8) ^ (id.charCodeAt(at + 2) << 16) ^ (id.charCodeAt(at + 3) << 24),
    )
  for (; at < length; at++) hash = mixed(hash, id.charCodeAt(at))
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) & BITS || 1
}

const mixed = (hash: number, word: number): number => {
  const product = Math.imul(hash ^ word, 0x9e3779b1)
  return (product << 13) | (product >>> 19)
}

const BITS = 2 ** 30 - 1

// Half a line of the processor's cache: words of four letters each after the common start, and how many letters there are.
const SLOT = 8
const LENGTH = 7
const LETTERS_MAX = 28
// What is too long, or has letters that are not of one byte, is compared as a text.
const UNWRITTEN = -1

const commonStart = (ids: Iterable<string>): string => {
  let start: string | undefined
  for (const id of ids) {
    start ??= id
    let length = 0
    while (length < start.length && start.charCodeAt(length) === id.charCodeAt(length)) length++
    start = start.slice(0, length)
  }
  return start ?? ''
}

const write = (slots: Int32Array, slot: number, id: string, from: number): void => {
  const letters = id.length - from
  slots[slot + LENGTH] = UNWRITTEN
  if (letters > LETTERS_MAX) return
  for (let at = 0; at < letters; at++) if (id.charCodeAt(from + at) > 255) return
  for (let at = 0; at < letters; at++) {
    const word = slot + (at >> 2)
    slots[word] = (slots[word] ?? 0) | (id.charCodeAt(from + at) << ((at & 3) << 3))
  }
  slots[slot + LENGTH] = letters
}

const isWritten = (slots: Int32Array, slot: number, id: string, start: string): boolean => {
  const from = start.length
  const letters = id.length - from
  if (slots[slot + LENGTH] !== letters) return false
  for (let at = 0; at < from; at++) if (id.charCodeAt(at) !== start.charCodeAt(at)) return false
  let word = 0
  for (let at = 0; at < letters; at++) {
    word |= id.charCodeAt(from + at) << ((at & 3) << 3)
    if ((at & 3) === 3) {
      if (slots[slot + (at >> 2)] !== word) return false
      word = 0
    }
  }
  if ((letters & 3) !== 0 && slots[slot + (letters >> 2)] !== word) return false
  return true
}
