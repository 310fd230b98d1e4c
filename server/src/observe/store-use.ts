import type { Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { ObserveTables } from './schema.ts'

/** Uses of one thing by one identity, summed up. */
export interface Use {
  readonly identity: string
  readonly resource: string
  readonly action: string | null
  readonly instance: string | null
  readonly at: Date
  readonly count: number
}

const RECENT_MAX = 200
const ROWS_MAX = 200

/** Where this identity was seen since a moment, newest first, at most 200. */
export const recentUse = async (
  db: Handle<ObserveTables>,
  identityId: string,
  since: Date,
): Promise<readonly { resource: string; action: string | null; at: Date; instance: string | null }[]> => {
  // Served by observe_use_lately.
  const rows = await db
    .selectFrom('observe_use')
    .select(['resource', 'action', 'instance', 'last_at'])
    .where('identity', '=', identityId)
    .where('last_at', '>=', since.getTime())
    .orderBy('last_at', 'desc')
    .limit(RECENT_MAX)
    .execute()
  return rows.map((row) => ({
    resource: row.resource,
    action: orNull(row.action),
    at: new Date(row.last_at),
    instance: orNull(row.instance),
  }))
}

/** Which actions each of these identities was seen to use since a moment, by identity. Index observe_use_lately. */
export const actionsUsed = async (
  db: Handle<ObserveTables>,
  identityIds: readonly string[],
  since: Date,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  if (identityIds.length === 0) return new Map()
  const query = db.selectFrom('observe_use').select(['identity', 'action']).distinct()
  const rows = await query
    .where('identity', 'in', identityIds)
    .where('last_at', '>=', since.getTime())
    .where('action', '!=', '')
    .execute()
  const found = Map.groupBy(rows, ({ identity }) => identity)
  return new Map([...found].map(([identity, own]) => [identity, new Set(own.map(({ action }) => action))]))
}

const IDENTITIES_MAX = 500

/** What these identities were seen to use since a moment, each action of each resource once. */
export const usesSince = async (
  db: Handle<ObserveTables>,
  identityIds: readonly string[],
  since: Date,
): Promise<readonly { resource: string; action: string | null; at: Date; count: number }[]> => {
  const found = []
  for (let start = 0; start < identityIds.length; start += IDENTITIES_MAX) {
    // Served by observe_use_lately.
    const rows = await db
      .selectFrom('observe_use')
      .select((eb) => ['resource', 'action', eb.fn.max('last_at').as('at'), eb.fn.sum('count').as('uses')])
      .where('identity', 'in', identityIds.slice(start, start + IDENTITIES_MAX))
      .where('last_at', '>=', since.getTime())
      .where('resource', '!=', '')
      .groupBy(['resource', 'action'])
      .execute()
    for (const { resource, action, at, uses } of rows)
      found.push({ resource, action: orNull(action), at: new Date(Number(at)), count: Number(uses) })
  }
  return found
}

/** Adds uses to what is known; a moment never moves backwards. */
export const addUses = async (tx: Transaction<ObserveTables>, uses: readonly Use[]): Promise<void> => {
  const rows = uses.map((use) => ({
    identity: use.identity,
    resource: use.resource,
    action: use.action ?? '',
    instance: use.instance ?? '',
    last_at: use.at.getTime(),
    count: use.count,
  }))
  for (let start = 0; start < rows.length; start += ROWS_MAX)
    await tx
      .insertInto('observe_use')
      .values(rows.slice(start, start + ROWS_MAX))
      .onConflict((conflict) =>
        conflict.columns(['identity', 'resource', 'action', 'instance']).doUpdateSet((eb) => ({
          count: eb('observe_use.count', '+', eb.ref('excluded.count')),
          last_at: eb
            .case()
            .when('excluded.last_at', '>', eb.ref('observe_use.last_at'))
            .then(eb.ref('excluded.last_at'))
            .else(eb.ref('observe_use.last_at'))
            .end(),
        })),
      )
      .execute()
}

/** Forgets what was last seen before this moment. */
export const sweepUses = async (tx: Transaction<ObserveTables>, before: Date): Promise<void> => {
  await tx.deleteFrom('observe_use').where('last_at', '<', before.getTime()).execute()
}

const orNull = (text: string): string | null => (text === '' ? null : text)
