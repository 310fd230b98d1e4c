import { addressBlock } from '../../kit/address-block.ts'
import type { Clock } from '../../kit/clock.ts'
import type { LeavePlace } from '../../kit/place.ts'
import { createPace, type Pace } from './pace.ts'
import { createPlaces } from './places.ts'
import { createWaitingLine } from './waiting-line.ts'

/** A request that is here as a whole. Exactly one of `begin` and `sendAway` is called, once, unless nobody is there any more. */
export interface Entrant {
  readonly ip: string
  /** Does the work; `leave` is called when it is answered, whatever the answer is, or before it waits elsewhere. */
  begin(leave: LeavePlace): void
  /** Nothing was done. */
  sendAway(): void
  isGone(): boolean
  /** Whether it is never sent away, and waits for nobody. */
  mayPass(): boolean
}

/** Lets in as many as can be worked on at once; a few wait, and the rest are sent away. */
export interface Turnstile {
  /** Takes a place at once where there is one and nobody waits for it; gives how it is left. */
  enterNow(): LeavePlace | undefined
  /** Whether it has to wait. */
  enter(entrant: Entrant): boolean
  /** Sends away who has waited for too long; called now and then. */
  look(): void
  counts(): { readonly inWork: number; readonly waiting: number; readonly sentAway: number }
}

interface Waiting {
  readonly entrant: Entrant
  readonly sinceMs: number
}

// Whoever waited this long is likely to ask elsewhere: it is told so while it still listens.
const WAIT_MS_MAX = 1_000

/**
 * How many are let in is `createPace`'s to say. Where more come than may wait, whoever has waited longest gives way: so everybody
 * has a chance, however busily some come back.
 */
export const createTurnstile = (
  { monotonicMs }: Pick<Clock, 'monotonicMs'>,
  pace: Pace = createPace(monotonicMs()),
): Turnstile => {
  const line = createWaitingLine<Waiting>()
  const places = createPlaces(monotonicMs())
  let sentAway = 0
  let isServing = false

  const hasRoom = (): boolean => line.size() === 0 && places.taken() < pace.inWorkMax()

  /** Takes a place; gives how it is left. */
  const taken = (nowMs: number): LeavePlace => {
    const place = places.take(nowMs)
    let isIn = true
    return (isElsewhere = false) => {
      if (!isIn) return
      isIn = false
      const leftMs = monotonicMs()
      places.look(leftMs)
      // Whoever waits elsewhere says nothing of how long work takes.
      if (places.leave(place) && !isElsewhere) pace.took(leftMs - nowMs, leftMs)
      if (line.size() > 0) serve(leftMs)
    }
  }

  const sendAway = (waiting: Waiting | undefined, nowMs: number): void => {
    if (waiting === undefined || waiting.entrant.isGone()) return
    sentAway += 1
    pace.sentAway(nowMs)
    waiting.entrant.sendAway()
  }

  /** Lets in who may be, and sends away whom there is no room for. What either leads to at once is done here, not one call deeper each. */
  const serve = (nowMs: number): void => {
    if (isServing) return
    isServing = true
    try {
      while (places.taken() < pace.inWorkMax() && line.size() > 0) letIn(line.shift(), nowMs)
      if (line.size() === 0) pace.emptied()
      while (line.size() > pace.waitingMax()) sendAway(line.shiftOfMost(), nowMs)
    } finally {
      isServing = false
    }
  }

  const letIn = (next: Waiting | undefined, nowMs: number): void => {
    if (next === undefined || next.entrant.isGone()) return
    const waitedMs = nowMs - next.sinceMs
    pace.waited(waitedMs, nowMs)
    if (waitedMs > WAIT_MS_MAX) sendAway(next, nowMs)
    else next.entrant.begin(taken(nowMs))
  }

  return {
    enterNow: () => (hasRoom() ? taken(monotonicMs()) : undefined),
    enter: (entrant) => {
      const nowMs = monotonicMs()
      places.look(nowMs)
      if (hasRoom() || entrant.mayPass()) {
        entrant.begin(taken(nowMs))
        return false
      }
      pace.came(places.taken() + line.size(), nowMs)
      line.push(addressBlock(entrant.ip), { entrant, sinceMs: nowMs })
      serve(nowMs)
      return line.size() > 0
    },
    look: () => {
      const nowMs = monotonicMs()
      for (const old of line.shiftWhile(({ sinceMs }) => nowMs - sinceMs > WAIT_MS_MAX)) sendAway(old, nowMs)
      places.look(nowMs)
      serve(nowMs)
    },
    counts: () => {
      places.look(monotonicMs())
      return { inWork: places.taken(), waiting: line.size(), sentAway }
    },
  }
}
