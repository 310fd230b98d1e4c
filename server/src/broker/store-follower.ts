import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { FeedFollower } from './room.ts'
import type { BrokerTables } from './schema.ts'

/** How much of an address is kept: the longest IPv6 address with its zone. */
export const ADDRESS_CHARS_MAX = 64
/** How many addresses of one replica are kept. */
export const FOLLOWERS_MAX = 100
// More replicas than anybody runs on one database.
const REPLICAS_MAX = 100

const KeptFollowers = z
  .array(z.object({ address: z.string().max(ADDRESS_CHARS_MAX), openedAt: z.number().int() }))
  .max(FOLLOWERS_MAX)

/** Keeps who follows the feed of this replica, in place of what it kept before, until then. */
export const keepFollowers = async (
  tx: Transaction<BrokerTables>,
  replica: string,
  kept: { readonly followers: readonly FeedFollower[]; readonly until: Date },
): Promise<void> => {
  const followers = JSON.stringify(
    kept.followers.map(({ address, openedAt }) => ({ address, openedAt: openedAt.getTime() })),
  )
  const until = kept.until.getTime()
  await tx
    .insertInto('broker_follower')
    .values({ replica, followers, until })
    .onConflict((conflict) => conflict.column('replica').doUpdateSet({ followers, until }))
    .execute()
}

/** Forgets what this replica kept. */
export const dropFollowers = async (tx: Transaction<BrokerTables>, replica: string): Promise<void> => {
  await tx.deleteFrom('broker_follower').where('replica', '=', replica).execute()
}

/** Who follows the feed of the other replicas, as far as these were heard of lately. */
export const followersElsewhere = async (
  db: Handle<BrokerTables>,
  replica: string,
  now: Date,
): Promise<readonly FeedFollower[]> => {
  const rows = await db
    .selectFrom('broker_follower')
    .select('followers')
    .where('replica', '<>', replica)
    .where('until', '>', now.getTime())
    .orderBy('replica')
    .limit(REPLICAS_MAX)
    .execute()
  return rows.flatMap((row) =>
    KeptFollowers.parse(JSON.parse(row.followers)).map(({ address, openedAt }) => ({
      address,
      openedAt: new Date(openedAt),
    })),
  )
}

/** Forgets what replicas kept that are gone. */
export const sweepFollowers = async (tx: Transaction<BrokerTables>, now: Date): Promise<void> => {
  await tx.deleteFrom('broker_follower').where('until', '<=', now.getTime()).execute()
}
