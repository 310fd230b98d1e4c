/** Places of those who are in work. */
export interface Places {
  /** How many are taken. */
  taken(): number
  /** Takes one; the number is for `leave` alone. */
  take(nowMs: number): number
  /** Whether it was still this one's. */
  leave(place: number): boolean
  /** The time goes on, though nobody takes one. */
  look(nowMs: number): void
}

// A database that is away is given up sooner, and whoever waits for somebody else's server gives its place back. So this is for what
// nobody thought of. On a crowded machine whoever is only slow keeps its place.
const TERM_MS = 2_000
const TERMS = 3

/**
 * None is taken. Whoever keeps one for longer than two terms has it no more, whatever it waits for: otherwise one that never ends
 * would have it for ever. Counted by term, so that taking one makes no object.
 */
export const createPlaces = (startedMs: number): Places => {
  const ofTerm = new Int32Array(TERMS)
  let taken = 0
  let term = 0
  let termSinceMs = startedMs

  const look = (nowMs: number): void => {
    const passed = Math.floor((nowMs - termSinceMs) / TERM_MS)
    if (passed <= 0) return
    termSinceMs += passed * TERM_MS
    for (let over = 0; over < Math.min(passed, TERMS); over++) {
      term += 1
      taken -= ofTerm[term % TERMS] ?? 0
      ofTerm[term % TERMS] = 0
    }
    // Of those that nobody lived to see nothing is counted either.
    term += Math.max(0, passed - TERMS)
  }

  const change = (of: number, by: 1 | -1): void => {
    ofTerm[of % TERMS] = (ofTerm[of % TERMS] ?? 0) + by
    taken += by
  }

  return {
    taken: () => taken,
    look,
    take: (nowMs) => {
      look(nowMs)
      change(term, 1)
      return term
    },
    leave: (place) => {
      if (term - place >= TERMS) return false
      change(place, -1)
      return true
    },
  }
}
