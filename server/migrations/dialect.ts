import { type CreateTableBuilder, type Kysely, sql } from 'kysely'

/** Adds a primary key that the engine counts up by itself: the one place where the two engines' DDL differs. */
export const numbered = <T extends string>(
  db: Kysely<unknown>,
  table: CreateTableBuilder<T>,
  column: string,
): CreateTableBuilder<T, string> =>
  isPostgres(db)
    ? table.addColumn(column, sql`bigint generated always as identity`, (c) => c.primaryKey())
    : table.addColumn(column, 'integer', (c) => c.primaryKey().autoIncrement())

/** Whether this handle speaks to PostgreSQL. */
export const isPostgres = (db: Kysely<unknown>): boolean =>
  db.getExecutor().adapter.constructor.name.startsWith('Postgres')

/** `text` that compares byte by byte on both engines, so that ranges and cursors order alike. */
export const byteText = (db: Kysely<unknown>) => (isPostgres(db) ? sql`text collate "C"` : sql`text`)
