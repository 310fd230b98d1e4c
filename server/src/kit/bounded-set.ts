import { dropOldest } from './drop-oldest.ts'

/** Texts that were seen last, at most so many: of more, the first that were added are forgotten. */
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
      dropOldest(kept, max)
      kept.add(value)
    },
  }
}
