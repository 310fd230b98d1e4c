import type { Entry } from './append.ts'

/** What the newest blocks hold that this process wrote, as long as they wait for their numbers: who has it need not read it back. */
export interface Blocks {
  wrote(position: number, entries: readonly Entry[]): void
  /** In order; undefined of a block that another wrote, or that is not remembered any more. */
  entriesOf(position: number): readonly Entry[] | undefined
  /** They have their numbers. */
  forget(positions: readonly number[]): void
}

// Some 100 KB each where many ask; they are numbered ten times a second.
const BLOCKS_MAX = 64

/** Those of this process. */
export const createBlocks = (): Blocks => {
  const written = new Map<number, readonly Entry[]>()
  return {
    wrote: (position, entries) => {
      written.set(position, entries)
      // Another replica may have numbered them: nobody tells of that.
      if (written.size > BLOCKS_MAX) written.delete(written.keys().next().value ?? position)
    },
    entriesOf: (position) => written.get(position),
    forget: (positions) => {
      for (const position of positions) written.delete(position)
    },
  }
}
