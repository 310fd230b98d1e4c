/** Remembers the proofs that were used for as long as they are good, in bounded memory (RFC 9449 §11.1). */
export interface ProofMemory {
  /** Whether this proof is new; `full` when it cannot be told any more, and nobody may be let in by it. */
  remember(proof: {
    readonly jkt: string
    readonly jti: string
    readonly untilSeconds: number
  }): 'new' | 'seen' | 'full'
  readonly size: number
}

/** A memory of at most so many proofs, of which one key fills a tenth: who has stolen one locks nobody else out. */
export const createProofMemory = ({
  proofsMax,
  earliestSeconds,
}: {
  proofsMax: number
  /** The time, as it is sure to be: what is over by it is over by any other. */
  earliestSeconds: () => number
}): ProofMemory => {
  // By the second in which they are over: a proof says it itself, so the same one is always looked for in one place.
  const bySecond = new Map<number, Map<string, string>>()
  const countOf = new Map<string, number>()
  const perKeyMax = Math.max(1, Math.floor(proofsMax / 10))
  let size = 0
  let sweptAt = Number.NEGATIVE_INFINITY

  const forget = (proofs: ReadonlyMap<string, string>): void => {
    size -= proofs.size
    for (const jkt of proofs.values()) {
      const left = (countOf.get(jkt) ?? 0) - 1
      if (left > 0) countOf.set(jkt, left)
      else countOf.delete(jkt)
    }
  }

  const sweep = (): void => {
    const now = Math.floor(earliestSeconds())
    if (now === sweptAt) return
    sweptAt = now
    for (const [second, proofs] of bySecond) {
      if (second >= now) continue
      bySecond.delete(second)
      forget(proofs)
    }
  }

  return {
    remember: ({ jkt, jti, untilSeconds }) => {
      sweep()
      const name = `${jkt} ${jti}`
      const proofs = bySecond.get(untilSeconds) ?? new Map<string, string>()
      if (proofs.has(name)) return 'seen'
      const count = countOf.get(jkt) ?? 0
      if (size >= proofsMax || count >= perKeyMax) return 'full'
      proofs.set(name, jkt)
      bySecond.set(untilSeconds, proofs)
      countOf.set(jkt, count + 1)
      size += 1
      return 'new'
    },
    get size() {
      return size
    },
  }
}
