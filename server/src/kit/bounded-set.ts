/** Texts that were seen last, at most so many: of more, the first that was added is forgotten. */
export interface BoundedSet {
  has(value: string): boolean
  add(value: string): void
}

/** An empty one. */
export const boundedSet = (max: number): BoundedSet => {
  const kept = new Set<string>()
  return {
    has: (value) => kept.has(value),
    add: (value) => {
      if (kept.size >= max) kept.delete(kept.values().next().value ?? '')
      kept.add(value)
    },
  }
}
