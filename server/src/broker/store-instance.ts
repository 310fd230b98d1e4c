import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { BrokerTables } from './schema.ts'

/** One running copy of an identity, as it was seen getting tokens. */
export interface Instance {
  readonly identity: string
  readonly instance: string
  readonly state: 'active' | 'quarantined'
  readonly firstSeen: number
  readonly lastSeen: number
  readonly stateReason: string | null
}

/** Keeps that these were seen: the first time, and the latest. */
export const markInstancesSeen = async (
  tx: Transaction<BrokerTables>,
  seen: readonly { readonly identity: string; readonly instance: string; readonly at: Date }[],
): Promise<void> => {
  for (const { identity, instance, at } of seen)
    await tx
      .insertInto('broker_instance')
      .values({
        identity,
        instance,
        state: 'active',
        first_seen: at.getTime(),
        last_seen: at.getTime(),
        state_reason: null,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['identity', 'instance'])
          .doUpdateSet({ last_seen: at.getTime() })
          .where('broker_instance.last_seen', '<', at.getTime()),
      )
      .execute()
}

/** One instance. */
export const findInstance = async (
  db: Handle<BrokerTables>,
  identity: string,
  instance: string,
): Promise<Instance | undefined> => {
  const row = await db
    .selectFrom('broker_instance')
    .selectAll()
    .where('identity', '=', identity)
    .where('instance', '=', instance)
    .executeTakeFirst()
  return row === undefined ? undefined : toInstance(row)
}

/** A page of an identity's instances by name, after one of them; served by the primary key. */
export const listInstances = async (
  db: Handle<BrokerTables>,
  filter: { readonly identity: string; readonly after: string | undefined; readonly limit: number },
): Promise<readonly Instance[]> => {
  let query = db.selectFrom('broker_instance').selectAll().where('identity', '=', filter.identity)
  if (filter.after !== undefined) query = query.where('instance', '>', filter.after)
  return (await query.orderBy('instance').limit(filter.limit).execute()).map(toInstance)
}

/** Sets the state of an instance, also of one that was not seen yet: what is known to be bad can be stopped first. */
export const setInstanceState = async (
  tx: Transaction<BrokerTables>,
  of: { readonly identity: string; readonly instance: string },
  to: { readonly state: 'active' | 'quarantined'; readonly reason: string; readonly now: Date },
): Promise<void> => {
  const at = to.now.getTime()
  await tx
    .insertInto('broker_instance')
    .values({ ...of, state: to.state, first_seen: at, last_seen: at, state_reason: to.reason })
    .onConflict((conflict) =>
      conflict.columns(['identity', 'instance']).doUpdateSet({ state: to.state, state_reason: to.reason }),
    )
    .execute()
}

/** Quarantines an instance that is not: one conditional write, so that of many that would one does. */
export const quarantineInstanceOnce = async (
  tx: Transaction<BrokerTables>,
  of: { readonly identity: string; readonly instance: string },
  { reason, now }: { readonly reason: string; readonly now: Date },
): Promise<boolean> => {
  const at = now.getTime()
  const set = await tx
    .insertInto('broker_instance')
    .values({ ...of, state: 'quarantined', first_seen: at, last_seen: at, state_reason: reason })
    .onConflict((conflict) =>
      conflict
        .columns(['identity', 'instance'])
        .doUpdateSet({ state: 'quarantined', state_reason: reason })
        .where('broker_instance.state', '<>', 'quarantined'),
    )
    .returning('instance')
    .executeTakeFirst()
  return set !== undefined
}

/** Forgets instances that nobody saw since then, but for those that are quarantined. */
export const sweepInstances = async (tx: Transaction<BrokerTables>, before: Date): Promise<void> => {
  await tx
    .deleteFrom('broker_instance')
    .where('last_seen', '<', before.getTime())
    .where('state', '=', 'active')
    .execute()
}

const State = z.enum(['active', 'quarantined'])

const toInstance = (row: BrokerTables['broker_instance']): Instance => ({
  identity: row.identity,
  instance: row.instance,
  state: State.parse(row.state),
  firstSeen: row.first_seen,
  lastSeen: row.last_seen,
  stateReason: row.state_reason,
})
