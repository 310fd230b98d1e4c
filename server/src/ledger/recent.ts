import type { Entry } from './append.ts'
import type { LedgerEvent, NumberedEvent } from './event.ts'
import { eventIn } from './reader.ts'

/** The newest entries, as far as they were numbered here, for one who follows the log: what is here need not be read back. */
export interface Recent {
  /** These were numbered, of which the first has this number. */
  numbered(first: number, entries: readonly Entry[]): void
  /** All from this number on, if it is here. It is gone from here then. */
  take(first: number): Taken | undefined
}

/** Events in order, and the number of the last of which nothing is left to say. */
export interface Taken {
  readonly events: readonly NumberedEvent[]
  readonly last: number
}

// Whoever follows comes every few seconds, or on another replica: then nothing is gained by keeping more.
const KEPT_MAX = 4_000
const CHARS_MAX = 8 * 1024 * 1024

/** Nothing yet. `alike` names what an event says: of two that say the same the newer is enough. Undefined of one that is alone in what it says. */
export const createRecent = (alike: (event: LedgerEvent) => string | undefined): Recent => {
  let from: number | undefined
  let next = 0
  let kept = new Map<string, NumberedEvent>()
  let chars = 0

  const clear = (): void => {
    from = undefined
    kept = new Map()
    chars = 0
  }

  const keep = (seq: number, { body, event = eventIn(body) }: Entry): void => {
    const name = alike(event) ?? `${seq}`
    const older = kept.get(name)
    if (older === undefined) chars += body.length
    if (older === undefined || older.at <= event.at) kept.set(name, { ...event, seq })
  }

  return {
    numbered: (first, entries) => {
      // Others numbered what lies between.
      if (from !== undefined && first !== next) clear()
      from ??= first
      next = first + entries.length
      try {
        for (const [at, entry] of entries.entries()) keep(first + at, entry)
      } catch {
        // One that cannot be read: whoever follows reads them all, and is told so there.
        clear()
      }
      if (kept.size > KEPT_MAX || chars > CHARS_MAX) clear()
    },
    take: (first) => {
      if (from === undefined || first < from) return undefined
      // Another replica may have taken what comes before, or all of it.
      const events = [...kept.values()].filter(({ seq }) => seq >= first).sort((a, b) => a.seq - b.seq)
      const taken = next > first ? { events, last: next - 1 } : undefined
      clear()
      return taken
    },
  }
}
