import type { Socket } from 'node:net'
import type { Clock } from '../../kit/clock.ts'
import { coreFault, type Fault } from '../../kit/fault.ts'
import type { LeavePlace } from '../../kit/place.ts'
import { createHeldBack } from './held-back.ts'
import type { LeanResponse } from './lean-response.ts'
import type { Pace } from './pace.ts'
import { createTurnstile, type Turnstile } from './turnstile.ts'

/** How those are treated who ask at one path. */
export interface Limited {
  readonly bodyBytesMax: number
  /** Answers whoever is sent away with this fault, which says when to come back. */
  refuse(fault: Fault, response: LeanResponse): void
  /** Whether a body like this is never sent away. */
  mayPass(body: Buffer): boolean
}

/** A request for such a path that is here as a whole. */
export interface Entering {
  readonly limited: Limited
  readonly ip: string
  readonly socket: Socket
  body(): Buffer
  readonly response: LeanResponse
  begin(leave: LeavePlace): void
  /** It is sent away: what was read of it is not kept. */
  drop(): void
}

/** What stands before the work: whoever there is no room for is told when to come back, and nothing was done. */
export interface Overload {
  /** For who can begin at once, which is nearly everybody: the same without anything that waiting would take. */
  enterNow: Turnstile['enterNow']
  enter(entering: Entering): void
  counts: Turnstile['counts']
  /** Nobody is kept from an answer any more. */
  release(): void
}

const LOOK_EVERY_MS = 100
// One after the other, so that those who were sent away together do not come back together. Made once: a fault costs as much as
// an answer.
const TOLD = [1, 2, 3].map((seconds) => ({
  seconds,
  fault: coreFault('overloaded', { retryAfterSeconds: seconds }),
}))

/**
 * Whoever asks again before the time that it was told is answered only then, unless it is let in: sending away would take all
 * the time there is. It is a late answer and not an unread connection, because a proxy brings others on the same one, whose
 * stops wait for nobody.
 */
export const createOverload = (clock: Pick<Clock, 'monotonicMs'>, pace?: Pace): Overload => {
  const turnstile = createTurnstile(clock, pace)
  const held = createHeldBack(clock)
  const toldUntilMs = new WeakMap<Socket, number>()
  let looks: NodeJS.Timeout | undefined
  let times = 0

  // Holds nothing of the request but where its answer goes: thousands may be held for seconds.
  const sendAway = (limited: Limited, socket: Socket, response: LeanResponse): void => {
    const answer = (): void => {
      const told = TOLD[times++ % TOLD.length]
      if (told === undefined || response.isGone()) return
      toldUntilMs.set(socket, clock.monotonicMs() + told.seconds * 1_000)
      limited.refuse(told.fault, response)
    }
    const untilMs = toldUntilMs.get(socket) ?? 0
    if (untilMs > clock.monotonicMs()) held.until(untilMs, answer)
    else answer()
  }

  /** While somebody waits, whoever does so for too long is looked for, though nobody else leaves. */
  const look = (): void => {
    turnstile.look()
    if (turnstile.counts().waiting > 0) return
    clearInterval(looks)
    looks = undefined
  }

  return {
    enterNow: turnstile.enterNow,
    enter: ({ limited, ip, socket, body, response, begin, drop }) => {
      const waits = turnstile.enter({
        ip,
        begin,
        sendAway: () => {
          drop()
          sendAway(limited, socket, response)
        },
        isGone: () => response.isGone(),
        mayPass: () => limited.mayPass(body()),
      })
      if (waits) looks ??= setInterval(look, LOOK_EVERY_MS).unref()
    },
    counts: turnstile.counts,
    release: held.release,
  }
}

/** So that whoever is counted in work leaves when its answer is sent or nobody is there for it. */
export const leaving = (response: LeanResponse, leave: LeavePlace): LeanResponse => ({
  isGone: () => response.isGone(),
  isSent: () => response.isSent(),
  send: (answer, name) => {
    response.send(answer, name)
    leave()
  },
  destroy: () => {
    response.destroy()
    leave()
  },
})
