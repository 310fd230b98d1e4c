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

/** A verifier's word: how far it has applied the feed, and which signing keys it has, if it says. */
export interface VerifierWord {
  readonly seq: number
  readonly keys: readonly string[] | undefined
}

/** Keeps how far a verifier has applied the feed; it never goes back. */
export const confirmFeed = async (
  tx: Transaction<BrokerTables>,
  verifier: { readonly identity: string; readonly instance: string; readonly name: string },
  { seq, keys }: VerifierWord,
  now: Date,
): Promise<void> => {
  const at = now.getTime()
  const held_keys = keys === undefined ? null : JSON.stringify(keys)
  await dropOldest(tx, verifier)
  await tx
    .insertInto('broker_verifier')
    .values({ ...verifier, seq, at, held_keys })
    .onConflict((conflict) =>
      conflict
        .columns(['identity', 'instance'])
        .doUpdateSet({ seq, at, name: verifier.name, held_keys })
        .where('broker_verifier.seq', '<=', seq),
    )
    .execute()
}

/** As many instances of one identity are remembered: whoever has its credential names as many as it likes. */
export const INSTANCES_MAX = 500

/** Makes room for one that is new: of too many instances, those that were not heard of for longest are forgotten. */
const dropOldest = async (
  tx: Transaction<BrokerTables>,
  { identity, instance }: { readonly identity: string; readonly instance: string },
): Promise<void> => {
  // By the primary key, which begins with the identity.
  const kept = await tx
    .selectFrom('broker_verifier')
    .select(['instance', 'at'])
    .where('identity', '=', identity)
    .execute()
  if (kept.length < INSTANCES_MAX || kept.some((each) => each.instance === instance)) return
  const oldest = kept.toSorted((a, b) => a.at - b.at).slice(0, kept.length - INSTANCES_MAX + 1)
  await tx
    .deleteFrom('broker_verifier')
    .where('identity', '=', identity)
    .where(
      'instance',
      'in',
      oldest.map((each) => each.instance),
    )
    .execute()
}

/** Verifiers that were heard of within a week and did not say that they have this key, the one heard of last first. */
export const verifiersLacking = async (db: Handle<BrokerTables>, key: string, now: Date, limit: number) => {
  const rows = await db
    .selectFrom('broker_verifier')
    .select(['name', 'instance', 'at', 'held_keys'])
    .where('at', '>', now.getTime() - REMEMBERED_MS)
    .where((where) =>
      where.or([
        where('held_keys', 'is', null),
        // As JSON has it, with its quotes: no id is part of another one.
        where('held_keys', 'not like', `%${JSON.stringify(key)}%`),
      ]),
    )
    .orderBy('at', 'desc')
    .orderBy('name')
    .orderBy('instance')
    .limit(limit)
    .execute()
  return rows.map(({ name, instance, at, held_keys }) => ({ name, instance, at, tellsKeys: held_keys !== null }))
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
