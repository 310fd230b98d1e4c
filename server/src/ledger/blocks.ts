import type { Entry } from './append.ts'

/** What the newest blocks hold that this process wrote, as long as they wait for their numbers: who has it need not read it back. */
export interface Blocks {
  wrote(position: number, entries: readonly Entry[]): void
  /** In order; undefined of a block that another wrote, or that is not remembered any more. */
  entriesOf(position: number): readonly Entry[] | undefined
  /** They have their numbers. */
  forget(positions: readonly number[]): void
}

// A kilobyte or two each, which get their numbers ten times a second.
const ENTRIES_MAX = 4_096

/** Those of this process. */
export const createBlocks = (): Blocks => {
  const written = new Map<number, readonly Entry[]>()
  let count = 0
  const drop = (position: number): void => {
    count -= written.get(position)?.length ?? 0
    written.delete(position)
  }
  return {
    wrote: (position, entries) => {
      written.set(position, entries)
      count += entries.length
      // Another replica may have numbered the oldest: nobody tells of that.
      for (const [oldest] of written) {
        if (count <= ENTRIES_MAX) return
        drop(oldest)
      }
    },
    entriesOf: (position) => written.get(position),
    forget: (positions) => positions.forEach(drop),
  }
}
