import type { Transaction } from 'kysely'
import type { AnyTx, Handle } from '../kit/database.ts'
import { insertRows } from '../kit/insert-rows.ts'
import type { Place } from './domain/rotation.ts'
import { ROTATABLE_KINDS } from './domain/rotation.ts'
import type { BrokerTables } from './schema.ts'

/** A use of a credential, and from where. */
export interface SeenConsumer extends Place {
  readonly credential: string
  readonly at: Date
}

/** A consumer as it is kept. */
export interface StoredConsumer extends Place {
  readonly credential: string
  readonly firstSeen: number
  readonly lastSeen: number
}

/** So many are kept of a credential; whoever holds it could make up any number of instances. */
const CONSUMERS_MAX = 200

/**
 * Keeps from where credentials were used. What is kept is never pushed out by what comes later: when there are too many,
 * the credential remembers that not all of them are known.
 */
export const markConsumers = async (tx: AnyTx, seen: readonly SeenConsumer[]): Promise<void> => {
  const broker: Transaction<BrokerTables> = tx
  const counts = await countsOf(broker, [...new Set(seen.map(({ credential }) => credential))])
  const byCredential = [...Map.groupBy(seen, ({ credential }) => credential)]
  const hasRoom = ([credential, its]: (typeof byCredential)[number]): boolean =>
    (counts.get(credential) ?? CONSUMERS_MAX) + its.length <= CONSUMERS_MAX
  const { all = [], some = [] } = Object.groupBy(byCredential, (each) => (hasRoom(each) ? 'all' : 'some'))
  await upsert.into(
    broker,
    all.flatMap(([, its]) => its.map(toCells)),
  )
  for (const [credential, its] of some) if (counts.has(credential)) for (const one of its) await markOne(broker, one)
}

const upsert = insertRows(
  'broker_consumer',
  ['credential', 'instance', 'address', 'first_seen', 'last_seen'],
  ` on conflict (credential, instance, address) do update set last_seen = excluded.last_seen
    where broker_consumer.last_seen < excluded.last_seen`,
)

const toCells = ({ credential, instance, address, at }: SeenConsumer) => [
  ...[credential, instance, address],
  ...[at.getTime(), at.getTime()],
]

/**
 * How many consumers are kept of each of these that can be rotated at all: what a platform vouches for has no secret that
 * anybody must be given anew.
 */
const countsOf = async (
  tx: Transaction<BrokerTables>,
  credentials: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  if (credentials.length === 0) return new Map()
  const rows = await tx
    .selectFrom('broker_credential')
    .leftJoin('broker_consumer', 'broker_consumer.credential', 'broker_credential.id')
    .select((eb) => ['broker_credential.id', eb.fn.count('broker_consumer.credential').as('count')])
    .where('broker_credential.id', 'in', credentials)
    .where('broker_credential.kind', 'in', ROTATABLE_KINDS)
    .groupBy('broker_credential.id')
    .execute()
  return new Map(rows.map(({ id, count }) => [id, Number(count)]))
}

/** Where there may be no room for all: those that are kept go on, a new one takes a free place or none. */
const markOne = async (tx: Transaction<BrokerTables>, { credential, instance, address, at }: SeenConsumer) => {
  const known = await tx
    .updateTable('broker_consumer')
    .set((eb) => ({
      last_seen: eb
        .case()
        .when('last_seen', '<', at.getTime())
        .then(eb.val(at.getTime()))
        .else(eb.ref('last_seen'))
        .end(),
    }))
    .where('credential', '=', credential)
    .where('instance', '=', instance)
    .where('address', '=', address)
    .returning('credential')
    .executeTakeFirst()
  if (known === undefined) await addConsumer(tx, { credential, instance, address }, at)
}

const addConsumer = async (
  tx: Transaction<BrokerTables>,
  place: Place & { readonly credential: string },
  at: Date,
): Promise<void> => {
  const [{ count } = { count: 0 }] = await tx
    .selectFrom('broker_consumer')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('credential', '=', place.credential)
    .execute()
  if (Number(count) < CONSUMERS_MAX) {
    const seenAt = { first_seen: at.getTime(), last_seen: at.getTime() }
    await tx
      .insertInto('broker_consumer')
      .values({ ...place, ...seenAt })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    return
  }
  await tx
    .updateTable('broker_credential')
    .set({ consumers_over_at: at.getTime() })
    .where('id', '=', place.credential)
    .where((eb) => eb.or([eb('consumers_over_at', 'is', null), eb('consumers_over_at', '<', at.getTime())]))
    .execute()
}

/** From where these credentials were used, each at most so often; served by the primary key. */
export const consumersOf = async (
  db: Handle<BrokerTables>,
  credentials: readonly string[],
): Promise<readonly StoredConsumer[]> => {
  if (credentials.length === 0) return []
  const query = db.selectFrom('broker_consumer').selectAll().where('credential', 'in', credentials)
  const rows = await query.orderBy('credential').orderBy('instance').orderBy('address').execute()
  return rows.map(({ credential, instance, address, first_seen, last_seen }) => ({
    ...{ credential, instance, address },
    firstSeen: first_seen,
    lastSeen: last_seen,
  }))
}

/** Forgets from where nothing was used since then. */
export const sweepConsumers = async (tx: Transaction<BrokerTables>, before: Date): Promise<void> => {
  await tx.deleteFrom('broker_consumer').where('last_seen', '<', before.getTime()).execute()
}
