import { randomBytes } from 'node:crypto'

/** Chance, handed in. `id('nhi')` is `nhi_` and 22 characters of 128 random bits; nobody guesses one. */
export interface Random {
  bytes(count: number): Buffer
  id(prefix: string): string
}

// One system call fills many ids: issuance makes three a token.
const POOL_BYTES = 8192

/** The operating system's generator: the only place that asks for chance. */
export const systemRandom = (): Random => {
  let pool = Buffer.alloc(0)
  let used = 0
  /** Where the next so many bytes begin, which nobody else gets. */
  const take = (count: number): number => {
    if (pool.length - used < count) {
      pool = randomBytes(POOL_BYTES)
      used = 0
    }
    used += count
    return used - count
  }
  return {
    bytes: (count) => {
      if (count > 64) return randomBytes(count)
      const from = take(count)
      return Buffer.from(pool.subarray(from, from + count))
    },
    // Written out where it stands: a part of the pool would be an object for each.
    id: (prefix) => {
      const from = take(16)
      return `${prefix}_${pool.toString('base64url', from, from + 16)}`
    },
  }
}

const TIME_BYTES = 6
const TIME_CHARACTERS = 8

/**
 * An id of the same form whose first 48 bits are the time and whose other 80 are chance. What is written often is named
 * so: in an index such names stand beside each other, where names of chance alone touch a page each.
 */
export const timedId = (random: Random, prefix: string, now: Date): string =>
  // Six bytes are eight characters and share none with the bytes after them: the rest is that of an id of chance.
  `${prefix}_${timeText(now.getTime())}${random.id('').slice(1 + TIME_CHARACTERS)}`

let last = { ms: -1, text: '' }

// Many ids are of one moment.
const timeText = (ms: number): string => {
  if (last.ms === ms) return last.text
  const bytes = Buffer.alloc(TIME_BYTES)
  bytes.writeUIntBE(ms, 0, TIME_BYTES)
  last = { ms, text: bytes.toString('base64url') }
  return last.text
}
