/** Where the SDK gets chance from: a test hands in a fixed one. */
export interface Random {
  /** A number from 0 up to, not including, 1; used for jitter only. */
  fraction(): number
  /** An unguessable id. */
  id(): string
}

/** The host's chance. */
export const systemRandom: Random = { fraction: () => Math.random(), id: () => crypto.randomUUID() }

/** Spreads a delay evenly over 50 % to 100 % of itself, so that many clients do not come back at once. */
export const jittered = (delayMs: number, random: Random): number => delayMs * (0.5 + random.fraction() / 2)
