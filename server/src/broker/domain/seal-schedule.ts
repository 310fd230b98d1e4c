/** A data key as far as its life is judged. */
export interface DatedKey {
  readonly id: string
  readonly usable_from: number
}

/** So long a data key that seals nothing any more is kept for a replica that has not heard of the newer one. */
const KEPT_MS = 24 * 60 * 60 * 1000

/**
 * Which of the living data keys, oldest first, may be destroyed once nothing is sealed with them. INVARIANT: never the first,
 * from which what outlives a rotation is derived, nor the one that seals, nor one that is yet to come.
 */
export const retirableKeys = (keys: readonly DatedKey[], sealsWith: string, nowMs: number): readonly string[] => {
  const at = keys.findIndex(({ id }) => id === sealsWith)
  const sealing = keys[at]
  if (sealing === undefined || sealing.usable_from + KEPT_MS > nowMs) return []
  return keys.slice(1, at).map(({ id }) => id)
}
