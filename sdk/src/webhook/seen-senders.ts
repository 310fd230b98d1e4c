import type { Clock } from '../clock.ts'

/** The latest webhook by one secret from one address. */
export interface SeenSender {
  readonly credential: string
  readonly at: string
  readonly ip: string | null
}

/** As many as one call takes; of more addresses than that, those that are known go on. */
const SEEN_MAX = 200

// INVARIANT: what Reeve would not take is not told. A proxy's header may hold a list, or whatever a sender put there, and with one such
// line the whole answer would be refused each time, and with it every sender.
const isAddress = (ip: string | undefined): ip is string => ip !== undefined && /^[0-9A-Za-z.:%_-]{1,64}$/.test(ip)

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
      put({ credential, at: new Date(clock.nowMs()).toISOString(), ip: isAddress(ip) ? ip : null }),
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
