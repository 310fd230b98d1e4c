import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { Place } from './process.ts'

/** Runs SQL on a place's database from outside the server, as an operator or an attacker would. */
export interface Sql {
  /** One statement, its parameters written as `?`. */
  rows(statement: string, ...parameters: readonly (string | number | null)[]): Promise<readonly Row[]>
  /** Any number of statements, without parameters. */
  run(statements: string): Promise<void>
}

/** A row as the engine answers it. */
export type Row = Readonly<Record<string, unknown>>

/** Opens the place's database for as long as `work` runs. */
export const withSql = async <T>(place: Place, work: (sql: Sql) => Promise<T>): Promise<T> => {
  const url = place.environment.REEVE_DATABASE_URL
  return url === undefined ? onSqlite(join(place.folder, 'data', 'reeve.db'), work) : onPostgres(url, work)
}

const onSqlite = async <T>(file: string, work: (sql: Sql) => Promise<T>): Promise<T> => {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA busy_timeout = 5000')
  try {
    return await work({
      rows: async (statement, ...parameters) => database.prepare(statement).all(...parameters),
      run: async (statements) => database.exec(statements),
    })
  } finally {
    database.close()
  }
}

const onPostgres = async <T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work({
      rows: async (statement, ...parameters) => {
        let at = 0
        return (
          await client.query(
            statement.replaceAll('?', () => `$${++at}`),
            [...parameters],
          )
        ).rows
      },
      run: async (statements) => void (await client.query(statements)),
    })
  } finally {
    await client.end()
  }
}
