import type { Clock } from '../clock.ts'
import type { HeldToken } from './request-token.ts'

/** A token that was told of, and for how long it is good from then on. */
export interface FollowedToken {
  readonly token: string
  readonly expiresInSeconds: number
}

/** Called with each token, and with undefined whenever there is none that is valid. */
export type TokenFollower = (now: FollowedToken | undefined) => void

/** Holds one token until it ends, and tells followers of what it holds. */
export const createTokenHolder = (clock: Clock) => {
  const followers = new Set<TokenFollower>()
  let held: HeldToken | undefined
  let cancelEnd = () => {}

  const valid = (): HeldToken | undefined =>
    held !== undefined && clock.monotonicMs() < held.endsAtMs ? held : undefined

  const told = (): FollowedToken | undefined => {
    const current = valid()
    if (current === undefined) return undefined
    return { token: current.token, expiresInSeconds: (current.endsAtMs - clock.monotonicMs()) / 1000 }
  }

  // The end is told only where somebody listens: a timer for each token would be one for nobody.
  const watchEnd = (): void => {
    cancelEnd()
    if (held === undefined || followers.size === 0) return
    cancelEnd = clock.after(Math.max(0, held.endsAtMs - clock.monotonicMs()), () => hold(undefined))
  }

  const hold = (next: HeldToken | undefined): void => {
    if (next === held) return
    held = next
    watchEnd()
    for (const follower of [...followers]) tell(follower, told())
  }

  // A follower's failure is its own: the others are told, and whoever told of this goes on.
  const tell = (follower: TokenFollower, now: FollowedToken | undefined): void => {
    try {
      follower(now)
    } catch (error) {
      clock.after(0, () => {
        throw error
      })
    }
  }

  return {
    valid,
    hold,
    held: (): HeldToken | undefined => held,
    isFollowed: (): boolean => followers.size > 0,
    /** Tells of what is held at once, if anything is. */
    follow: (follower: TokenFollower): (() => void) => {
      followers.add(follower)
      watchEnd()
      const now = told()
      if (now !== undefined) follower(now)
      return () => {
        followers.delete(follower)
        watchEnd()
      }
    },
  }
}
