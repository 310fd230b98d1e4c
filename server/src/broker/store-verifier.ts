import type { Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { BrokerTables } from './schema.ts'

/** A verifier is remembered for so long after it last confirmed: it does so only when the feed moves. */
const REMEMBERED_MS = 7 * 24 * 60 * 60 * 1000

/**
 * How long ago the feed had this entry, when a verifier confirms it for the first time; null when it has confirmed it
 * before, when it is not there any more, and of a verifier's first word, which says only since when it runs.
 */
export const confirmedAfterMs = async (
  db: Handle<BrokerTables>,
  { identity, instance }: { readonly identity: string; readonly instance: string },
  seq: number,
  now: Date,
): Promise<number | null> => {
  const row = await db
    .selectFrom('broker_verifier')
    .innerJoin('broker_revocation', (join) => join.on('broker_revocation.seq', '=', seq))
    .select('broker_revocation.at')
    .where('broker_verifier.identity', '=', identity)
    .where('broker_verifier.instance', '=', instance)
    .where('broker_verifier.seq', '<', seq)
    .executeTakeFirst()
  return row === undefined ? null : Math.max(0, now.getTime() - row.at)
}

/** Keeps how far a verifier has applied the feed; it never goes back. */
export const confirmFeed = async (
  tx: Transaction<BrokerTables>,
  verifier: { readonly identity: string; readonly instance: string; readonly name: string },
  seq: number,
  now: Date,
): Promise<void> => {
  const at = now.getTime()
  await tx
    .insertInto('broker_verifier')
    .values({ ...verifier, seq, at })
    .onConflict((conflict) =>
      conflict
        .columns(['identity', 'instance'])
        .doUpdateSet({ seq, at, name: verifier.name })
        .where('broker_verifier.seq', '<=', seq),
    )
    .execute()
}

/** Verifiers that confirmed something within a week, at most 1,000. */
export const verifiersHeard = async (db: Handle<BrokerTables>, now: Date) =>
  db
    .selectFrom('broker_verifier')
    .select(['identity', 'name', 'instance', 'seq', 'at'])
    .where('at', '>', now.getTime() - REMEMBERED_MS)
    .orderBy('name')
    .orderBy('instance')
    .limit(1000)
    .execute()

/** Forgets verifiers that were not heard of for a week. */
export const sweepVerifiers = async (tx: Transaction<BrokerTables>, now: Date): Promise<void> => {
  await tx
    .deleteFrom('broker_verifier')
    .where('at', '<', now.getTime() - REMEMBERED_MS)
    .execute()
}
