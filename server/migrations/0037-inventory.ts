import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What makes the list answer by pipeline, approval, revocation procedure, creation and contact of the owner. */
export const inventoryFilters: Migration = {
  up: async (db) => {
    await db.schema
      .createIndex('inventory_identity_created')
      .on('inventory_identity')
      .columns(['created_at', 'name'])
      .execute()
    for (const contact of ['technical', 'business'])
      await db.schema
        .createIndex(`inventory_team_${contact}`)
        .on('inventory_team')
        .columns([`${contact}_contact`, 'id'])
        .execute()
    await sql`insert into inventory_identity_term (term, name)
      select 'pipeline:' || pipeline, name from inventory_identity where pipeline is not null
      union all select 'approvedBy:' || approved_by, name from inventory_identity where approved_by is not null
      union all select 'revocationProcedure:' || case when revocation_procedure is null then 'missing' else 'given' end,
        name from inventory_identity`.execute(db)
    await fileProcedures(db)
  },
}

const ROWS = 500
// As terms are filed at this step of the time line; what files them later may change.
const WORD = /[\p{L}\p{N}]+/gu
const WORDS_MAX = 400
const WORD_LENGTH_MAX = 64

/** The words of revocation procedures, row by row: no SQL that both engines speak cuts words alike. */
const fileProcedures = async (db: Kysely<unknown>, after = ''): Promise<void> => {
  const { rows } = await sql<{ name: string; procedure: string }>`
    select name, revocation_procedure as procedure from inventory_identity
    where name > ${after} and revocation_procedure is not null order by name limit ${ROWS}`.execute(db)
  for (const { name, procedure } of rows)
    for (const word of wordsOf(procedure).slice(0, WORDS_MAX))
      await sql`insert into inventory_identity_term (term, name) values (${`w:${word}`}, ${name})
        on conflict (term, name) do nothing`.execute(db)
  const last = rows.at(-1)
  if (last !== undefined && rows.length === ROWS) await fileProcedures(db, last.name)
}

const wordsOf = (text: string): readonly string[] => [
  ...new Set(
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(WORD)
      ?.map((word) => word.slice(0, WORD_LENGTH_MAX)) ?? [],
  ),
]
