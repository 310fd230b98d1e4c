import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { Place } from '../process.ts'

/** Every row of every table as text; on SQLite the server must have stopped. */
export const wholeDatabase = (place: Place): Promise<string> =>
  place.engine === 'sqlite' ? wholeSqlite(place) : wholePostgres(place.environment.REEVE_DATABASE_URL ?? '')

const wholeSqlite = async ({ folder }: Place): Promise<string> => {
  const database = new DatabaseSync(join(folder, 'data', 'reeve.db'), { readOnly: true })
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
    const rows = tables.flatMap(({ name }) => database.prepare(`select * from "${name}"`).all())
    return rows.map((row) => Object.values(row).join('\n')).join('\n')
  } finally {
    database.close()
  }
}

const wholePostgres = async (url: string): Promise<string> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = await client.query("select tablename from pg_tables where schemaname = 'public'")
    const texts: string[] = []
    for (const { tablename } of tables.rows) {
      const { rows } = await client.query(`select * from ${pg.escapeIdentifier(tablename)}`)
      texts.push(rows.map((row) => Object.values(row).join('\n')).join('\n'))
    }
    return texts.join('\n')
  } finally {
    await client.end()
  }
}
