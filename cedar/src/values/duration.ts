import { longOf } from './long.ts'
import type { ExtensionValue } from './value.ts'

/** Reads a duration such as `1d2h3m4s5ms`: any of the units, in this order, each once, with one minus before all. */
export const readDuration = (text: string): ExtensionValue | undefined => {
  const found = DURATION.exec(text)
  if (!found || text === '' || text === '-') return undefined
  let total = 0n
  for (const [at, size] of UNIT_MILLISECONDS.entries()) {
    const amount = BigInt(found[at + 2] ?? 0)
    if (amount > AMOUNT_MAX) return undefined
    total += amount * size
  }
  const milliseconds = longOf(found[1] === '-' ? -total : total)
  return milliseconds === undefined ? undefined : { kind: 'duration', milliseconds }
}

const DURATION = /^(-?)(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/
const UNIT_MILLISECONDS = [86_400_000n, 3_600_000n, 60_000n, 1_000n, 1n]
const AMOUNT_MAX = 2n ** 64n - 1n
