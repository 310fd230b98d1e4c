import type { Clock } from '../clock.ts'

/** The latest webhook by one secret from one address. */
export interface SeenSender {
  readonly credential: string
  readonly at: string
  readonly ip: string | null
}

/** As many as one call takes; of more addresses than that, those that are known go on. */
const SEEN_MAX = 200

/** What was believed since it was last told. */
export const createSeenSenders = (clock: Clock) => {
  const seen = new Map<string, SeenSender>()
  const put = (one: SeenSender): void => {
    const key = `${one.credential} ${one.ip ?? ''}`
    const known = seen.get(key)
    if (known === undefined ? seen.size < SEEN_MAX : known.at < one.at) seen.set(key, one)
  }
  return {
    get size() {
      return seen.size
    },
    add: (credential: string, ip: string | undefined): void =>
      put({ credential, at: new Date(clock.nowMs()).toISOString(), ip: ip ?? null }),
    /** What is to be told now. */
    take: (): readonly SeenSender[] => {
      const all = [...seen.values()]
      seen.clear()
      return all
    },
    /** What could not be told is told the next time. */
    putBack: (all: readonly SeenSender[]): void => {
      for (const one of all) put(one)
    },
  }
}
