import type { Clock } from '../../kit/clock.ts'
import type { AnyDb, AnyTx, Database } from '../../kit/database.ts'
import type { FeedFollower } from '../room.ts'
import { dropFollowers, followersElsewhere, keepFollowers } from '../store-follower.ts'
import type { StopBoard } from './stop-board.ts'

/** Who follows the feed, on whichever replica. */
export interface FollowerRoll {
  /** An address each, with when its newest feed was opened: those of this replica now, those of others as last kept. */
  followers(db: AnyDb, now: Date): Promise<readonly FeedFollower[]>
  /** Keeps for the other replicas who follows here now; one statement, and none while nobody does. */
  keep(): Promise<void>
  /** Forgets what was kept. */
  forget(): Promise<void>
}

// Longer than a pause of the database and the difference of two clocks: whoever is named too long is asked in vain,
// but whoever is not named is trusted in vain.
const KEPT_MS = 30_000

/** The roll of this replica, which needs a name that no other one has. */
export const createFollowerRoll = (given: {
  readonly database: Database
  readonly board: Pick<StopBoard, 'followers'>
  readonly replica: string
  readonly clock: Clock
}): FollowerRoll => {
  const { database, board, replica, clock } = given
  let isKept = false

  const forget = async (): Promise<void> => {
    if (isKept) await database.write((tx: AnyTx) => dropFollowers(tx, replica))
    isKept = false
  }

  return {
    followers: async (db, now) => newestOfEach([...(await followersElsewhere(db, replica, now)), ...board.followers()]),
    keep: async () => {
      const followers = board.followers()
      if (followers.length === 0) return forget()
      // Before the commit: one that failed may have taken effect.
      isKept = true
      const until = new Date(clock.now().getTime() + KEPT_MS)
      await database.write((tx: AnyTx) => keepFollowers(tx, replica, { followers, until }))
    },
    forget,
  }
}

const newestOfEach = (all: readonly FeedFollower[]): readonly FeedFollower[] => {
  const byAge = all.toSorted((a, b) => a.openedAt.getTime() - b.openedAt.getTime())
  return [...new Map(byAge.map((each) => [each.address, each])).values()]
}
