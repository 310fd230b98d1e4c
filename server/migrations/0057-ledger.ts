import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { isPostgres } from './dialect.ts'

/**
 * What waits for its number, wherever it stands. On PostgreSQL a hot commit writes its events as one row, a block: a row for each
 * would be written there, read, taken away, and written into the log.
 */
export const blocks: Migration = {
  up: async (db) => {
    if (isPostgres(db)) await addBlocks(db)
    const rows = `select position, 0 as place, ${NAMES} from ledger_unnumbered`
    const opened = `select block.position, event.place, ${prefixed('event')} from ledger_block block
      cross join lateral unnest(${prefixed('block')}) with ordinality as event (${NAMES}, place)`
    await sql.raw(`create view ledger_waiting as ${isPostgres(db) ? `${rows} union all ${opened}` : rows}`).execute(db)
  },
}

// As `ledger_unnumbered` has them.
const COLUMNS = 'id at kind outcome actor_id on_id team decision_id request_id body'.split(' ')
const NAMES = COLUMNS.map((name) => `"${name}"`).join(', ')
const prefixed = (table: string): string => COLUMNS.map((name) => `${table}."${name}"`).join(', ')

const addBlocks = async (db: Kysely<unknown>): Promise<void> => {
  const columns = COLUMNS.map((name) => `"${name}" ${name === 'at' ? 'bigint' : 'text'}[] not null`)
  // Both tables count together, so that the numbers follow the order of the commits whichever they went to.
  await sql
    .raw(`create table ledger_block (
      position bigint primary key default nextval(pg_get_serial_sequence('ledger_unnumbered', 'position')),
      ${columns.join(', ')}
    ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
      toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000)`)
    .execute(db)
  // As they are: to press what is taken away within a tenth of a second costs more than to write it.
  const asTheyAre = COLUMNS.map((name) => `alter column "${name}" set storage external`)
  await sql.raw(`alter table ledger_block ${asTheyAre.join(', ')}`).execute(db)
}
