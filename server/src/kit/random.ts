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
  const take = (count: number): Buffer => {
    if (count > 64) return randomBytes(count)
    if (pool.length < count) pool = randomBytes(POOL_BYTES)
    const taken = pool.subarray(0, count)
    pool = pool.subarray(count)
    return taken
  }
  return { bytes: (count) => Buffer.from(take(count)), id: (prefix) => `${prefix}_${take(16).toString('base64url')}` }
}

const TIME_BYTES = 6
const CHANCE_BYTES = 10

/**
 * An id of the same form whose first 48 bits are the time and whose other 80 are chance. What is written often is named
 * so: in an index such names stand beside each other, where names of chance alone touch a page each.
 */
export const timedId = (random: Random, prefix: string, now: Date): string => {
  const bytes = Buffer.alloc(TIME_BYTES + CHANCE_BYTES)
  bytes.writeUIntBE(now.getTime(), 0, TIME_BYTES)
  random.bytes(CHANCE_BYTES).copy(bytes, TIME_BYTES)
  return `${prefix}_${bytes.toString('base64url')}`
}
