import { after } from 'node:test'
import pg from 'pg'
import { migrations } from '../migrations/index.ts'
import { openDatabase } from '../src/kit/database.ts'
import { migrate } from '../src/kit/migrate.ts'
import { createTestDatabase } from './postgres.ts'

interface Reused {
  readonly url: string
  /** Sets every table back to what the migrations leave. */
  reset(): Promise<void>
}

let made: Promise<Reused & { drop(): Promise<void> }> | undefined

// At the root of the file, not in the test that happens to come first: it would end with that test.
after(async () => (await made)?.drop())

/**
 * One migrated database for all tests of a file, set back before each: making and migrating one costs a second on a
 * busy machine, setting it back some milliseconds. It is dropped when the file's tests are over.
 */
export const reusedDatabase = (server: string): Promise<Reused> => {
  made ??= make(server)
  return made
}

const make = async (server: string): Promise<Reused & { drop(): Promise<void> }> => {
  const { url, drop } = await createTestDatabase(server)
  // These tests are about what is true after a commit, not after a power cut; those start processes of their own.
  await onDatabase(url, (client) =>
    client.query(`alter database ${pg.escapeIdentifier(new URL(url).pathname.slice(1))} set synchronous_commit = off`),
  )
  const database = openDatabase({ postgresUrl: url, poolSize: 2 })
  await migrate(database.writer, migrations)
  await database.close()
  const seeds = await seedsOf(url)
  return { url, drop, reset: () => onDatabase(url, (client) => reset(client, seeds)) }
}

/** The rows that the migrations themselves put in. */
const seedsOf = (url: string): Promise<ReadonlyMap<string, string>> =>
  onDatabase(url, async (client) => {
    const seeds = new Map<string, string>()
    for (const table of await tablesOf(client)) {
      const { rows } = await client.query(`select coalesce(json_agg(t), '[]')::text as rows from ${table} t`)
      if (rows[0].rows !== '[]') seeds.set(table, rows[0].rows)
    }
    return seeds
  })

const tablesOf = async (client: pg.Client): Promise<readonly string[]> => {
  const { rows } = await client.query(
    `select quote_ident(tablename) as name from pg_tables where schemaname = 'public' and tablename not like 'kit_migration%' order by 1`,
  )
  return rows.map((row) => String(row.name))
}

const reset = async (client: pg.Client, seeds: ReadonlyMap<string, string>): Promise<void> => {
  const tables = await tablesOf(client)
  const insert = [...seeds].map(
    ([table, rows]) =>
      `insert into ${table} select * from json_populate_recordset(null::${table}, ${pg.escapeLiteral(rows)});`,
  )
  const sequences = await client.query(
    `select quote_ident(sequencename) as name from pg_sequences where schemaname = 'public'`,
  )
  const restart = sequences.rows.map((row) => `alter sequence ${String(row.name)} restart;`)
  // In the replica role foreign keys do not fire, so that any order of tables will do.
  const empty = tables.map((table) => `delete from ${table};`)
  await client.query(
    `begin; set local session_replication_role = replica; ${empty.join(' ')} ${insert.join(' ')} ${restart.join(' ')} commit;`,
  )
}

const onDatabase = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
