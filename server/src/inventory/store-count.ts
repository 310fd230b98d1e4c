import { PostgresAdapter, sql } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { Identity } from './domain/identity.ts'
import type { InventoryTables } from './schema.ts'

type Db = Handle<InventoryTables>
type Counted = Pick<Identity, 'kind' | 'state'>

/** How many identities of one kind are in one state. */
export interface IdentityCount extends Counted {
  readonly identities: number
}

/**
 * Counts that an identity is now this, and no more what it was before: in the transaction that changes it.
 * INVARIANT: a row is only ever added here. One that is counted up would make all who change identities wait in line.
 */
export const countIdentity = async (tx: Db, before: Counted | undefined, after: Counted): Promise<void> => {
  if (before?.kind === after.kind && before.state === after.state) return
  const rows = [...(before === undefined ? [] : [rowOf(before, -1)]), rowOf(after, 1)]
  await tx.insertInto('inventory_count').values(rows).execute()
}

/** How many there are, by kind and state; also of what there was once and is no more. */
export const identityCounts = async (db: Db): Promise<readonly IdentityCount[]> => {
  const rows = await db
    .selectFrom('inventory_count')
    .select((eb) => ['kind', 'state', eb.fn.sum<number>('identities').as('identities')])
    .groupBy(['kind', 'state'])
    .execute()
  // PostgreSQL sums integers up to a decimal, which comes as text. Rows are written by `rowOf` alone.
  return rows.map(({ kind, state, identities }) => ({ ...asCounted(kind, state), identities: Number(identities) }))
}

/** Makes one row of those of each kind and state, where there are more. What others add meanwhile is not seen, and stays. */
export const sumCounts = async (tx: Db): Promise<void> => {
  const several = await tx
    .selectFrom('inventory_count')
    .select('kind')
    .groupBy(['kind', 'state'])
    .having((eb) => eb(eb.fn.countAll(), '>', 1))
    .limit(1)
    .executeTakeFirst()
  if (several === undefined) return
  const rows = await tx.deleteFrom('inventory_count').returningAll().execute()
  const sums = new Map<string, IdentityCount>()
  for (const { kind, state, identities } of rows) {
    const key = `${kind} ${state}`
    const before = sums.get(key)?.identities ?? 0
    sums.set(key, { ...asCounted(kind, state), identities: before + identities })
  }
  if (sums.size > 0)
    await tx
      .insertInto('inventory_count')
      .values([...sums.values()])
      .execute()
}

/**
 * Adds what the counts are short of, or takes what they are over, by a look at every identity: replicas of before there
 * were counts changed identities and counted nothing. INVARIANT: both sides are looked at by one statement, so that each
 * change that is made meanwhile is in both or in neither, and two looks follow each other, or both would add the same.
 */
export const recount = async (tx: Db): Promise<void> => {
  // Conflicts with itself alone: identities are changed and counted all the while. SQLite has one writer at a time.
  if (tx.getExecutor().adapter instanceof PostgresAdapter)
    await sql`lock table inventory_count in share update exclusive mode`.execute(tx)
  const { rows } = await sql<{ kind: string; state: string; identities: number }>`
    select kind, state, sum(identities) as identities from (
      select kind, state, count(*) as identities from inventory_identity group by kind, state
      union all
      select kind, state, -identities from inventory_count
    ) counted group by kind, state having sum(identities) <> 0`.execute(tx)
  const missing = rows.map(({ kind, state, identities }) => rowOf(asCounted(kind, state), Number(identities)))
  if (missing.length > 0) await tx.insertInto('inventory_count').values(missing).execute()
}

const rowOf = ({ kind, state }: Counted, identities: number): IdentityCount => ({ kind, state, identities })

const asCounted = (kind: string, state: string): Counted => ({
  kind: kind as Counted['kind'],
  state: state as Counted['state'],
})
