import { sql, type Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { insertRows } from '../kit/insert-rows.ts'
import type { InventoryTables } from './schema.ts'

/** How risky an identity was when it was judged last, and why. */
export interface StoredRisk {
  readonly identityId: string
  readonly name: string
  readonly score: number
  readonly isHigh: boolean
  /** Since when the score is what it is. */
  readonly since: Date
  readonly judgedAt: Date
  readonly factors: readonly z.infer<typeof Factor>[]
}

const Factor = z.object({
  factor: z.string(),
  points: z.number(),
  why: z.string(),
  evidence: z.array(z.string()).readonly(),
})

/** Keeps what identities were judged to be; what is as it was is written again once a day. */
export const keepRisks = async (
  tx: Transaction<InventoryTables>,
  risks: readonly Omit<StoredRisk, 'since'>[],
): Promise<void> => {
  await rows.into(
    tx,
    risks.map(({ identityId, name, score, isHigh, judgedAt, factors }) => [
      ...[
        identityId,
        name,

        score,
        Number(isHigh),
        judgedAt.getTime(),
        judgedAt.getTime(),
        JSON.stringify(factors),
      ],
    ]),
  )
}

const rows = insertRows(
  'inventory_risk',
  ['identity_id', 'name', 'score', 'is_high', 'since', 'judged_at', 'factors'],
  ` on conflict ("identity_id") do update set "name" = excluded."name", "score" = excluded."score",
    "is_high" = excluded."is_high", "judged_at" = excluded."judged_at", "factors" = excluded."factors",
    "since" = case when inventory_risk."score" = excluded."score" then inventory_risk."since" else excluded."since" end
    where inventory_risk."factors" <> excluded."factors" or inventory_risk."score" <> excluded."score"
      or inventory_risk."is_high" <> excluded."is_high" or inventory_risk."name" <> excluded."name"
      or inventory_risk."judged_at" <= excluded."judged_at" - 86400000`,
)

/** Forgets the risks of identities that are retired. */
export const forgetRisks = async (tx: Transaction<InventoryTables>): Promise<void> => {
  const retired = sql<boolean>`exists (select 1 from inventory_identity i where i.id = identity_id and i.state = 'retired')`
  await tx.deleteFrom('inventory_risk').where(retired).execute()
}

/** The risk of one identity, if it was judged. */
export const findRisk = async (db: Handle<InventoryTables>, identityId: string): Promise<StoredRisk | undefined> => {
  const row = await db.selectFrom('inventory_risk').selectAll().where('identity_id', '=', identityId).executeTakeFirst()
  return row === undefined ? undefined : toRisk(row)
}

/** Risks, the highest first. Index inventory_risk_score. */
export const listRisks = async (
  db: Handle<InventoryTables>,
  filter: {
    readonly isHigh: boolean | undefined
    readonly after: { readonly score: number; readonly name: string }
    readonly limit: number
  },
): Promise<readonly StoredRisk[]> => {
  const { after, isHigh, limit } = filter
  let query = db
    .selectFrom('inventory_risk')
    .selectAll()
    .where('score', '<=', after.score)
    .where((eb) => eb.or([eb('score', '<', after.score), eb('name', '>', after.name)]))
  if (isHigh !== undefined) query = query.where('is_high', '=', Number(isHigh))
  return (await query.orderBy('score', 'desc').orderBy('name').limit(limit).execute()).map(toRisk)
}

const toRisk = (row: InventoryTables['inventory_risk']): StoredRisk => ({
  identityId: row.identity_id,
  name: row.name,
  score: row.score,
  isHigh: row.is_high === 1,
  since: new Date(row.since),
  judgedAt: new Date(row.judged_at),
  factors: z.array(Factor).parse(JSON.parse(row.factors)),
})
