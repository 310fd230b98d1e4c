import { type Kysely, PostgresAdapter, type SelectQueryBuilder } from 'kysely'

/** Reads rows as they were last committed, and keeps everybody else from holding or changing them meanwhile; in an order. */
export const holdingAlone = <Tables, Names extends keyof Tables, Row>(
  db: Kysely<Tables>,
  query: SelectQueryBuilder<Tables, Names, Row>,
): SelectQueryBuilder<Tables, Names, Row> =>
  db.getExecutor().adapter instanceof PostgresAdapter ? query.forUpdate() : query

/**
 * Reads rows as they were last committed, and keeps others from changing them until this transaction ends. Many may hold
 * a row at once. On SQLite nobody else writes while a transaction is open.
 */
export const holding = <Tables, Names extends keyof Tables, Row>(
  db: Kysely<Tables>,
  query: SelectQueryBuilder<Tables, Names, Row>,
): SelectQueryBuilder<Tables, Names, Row> =>
  db.getExecutor().adapter instanceof PostgresAdapter ? query.forShare() : query
