import type { Entry } from './append.ts'

/**
 * What the newest blocks hold that this process wrote, as long as they wait for their numbers: who has it need not read it back.
 * INVARIANT: a block is known by its first event. Its position may be given again by a database that lost the newest of what it had.
 */
export interface Blocks {
  wrote(entries: readonly Entry[]): void
  /** In order; undefined of a block that another wrote, or that is not remembered any more. */
  entriesOf(firstEvent: string): readonly Entry[] | undefined
  /** They have their numbers. */
  forget(firstEvents: readonly string[]): void
}

// They get their numbers ten times a second, a thousand at a time.
const ENTRIES_MAX = 4_096
const CHARS_MAX = 8 * 1024 * 1024

/** Those of this process. */
export const createBlocks = (): Blocks => {
  const written = new Map<string, readonly Entry[]>()
  let count = 0
  let chars = 0
  const add = (entries: readonly Entry[], sign: 1 | -1): void => {
    count += sign * entries.length
    for (const { body } of entries) chars += sign * body.length
  }
  const drop = (firstEvent: string): void => {
    add(written.get(firstEvent) ?? [], -1)
    written.delete(firstEvent)
  }
  return {
    wrote: (entries) => {
      const id = entries[0]?.event?.id
      if (id === undefined) return
      written.set(id, entries)
      add(entries, 1)
      // Another replica may have numbered the oldest: nobody tells of that.
      for (const [oldest] of written) {
        if (count <= ENTRIES_MAX && chars <= CHARS_MAX) return
        drop(oldest)
      }
    },
    entriesOf: (firstEvent) => written.get(firstEvent),
    forget: (firstEvents) => firstEvents.forEach(drop),
  }
}
