import { closeSync, fsyncSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { IdentityRow, TeamRow } from '../../../server/src/inventory/schema.ts'

/** Loads rows as fast as the engine allows; what it may lose in a crash does not matter here. */
export interface Seeder {
  begin(): Promise<void>
  teams(rows: readonly TeamRow[]): Promise<void>
  identities(rows: readonly IdentityRow[]): Promise<void>
  /** In the order of (term, name). */
  terms(term: readonly string[], name: readonly string[]): Promise<void>
  finish(): Promise<void>
}

const TABLES = ['inventory_identity', 'inventory_identity_term']

/** Loads the embedded database: one transaction without a journal, its indexes made afterwards. */
export const sqliteSeeder = (file: string): Seeder => {
  const db = new DatabaseSync(file)
  db.exec(
    'pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -400000; pragma temp_store = memory',
  )
  const indexes = db
    .prepare(
      `select name, sql from sqlite_master where type = 'index' and sql is not null and tbl_name like 'inventory_identity'`,
    )
    .all()
  const insert = (table: string, row: object) => {
    const columns = Object.keys(row)
    return db.prepare(`insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`)
  }
  const insertAll = (table: string, rows: readonly object[]) => {
    const [first] = rows
    if (first === undefined) return
    const statement = insert(table, first)
    for (const row of rows) statement.run(...Object.values(row))
  }
  const term = db.prepare('insert into inventory_identity_term (term, name) values (?, ?)')
  return {
    begin: async () => {
      for (const { name } of indexes) db.exec(`drop index "${name}"`)
      db.exec('begin')
    },
    teams: async (rows) => insertAll('inventory_team', rows),
    identities: async (rows) => insertAll('inventory_identity', rows),
    terms: async (terms, names) => {
      for (const [i, each] of terms.entries()) term.run(each, names[i] ?? '')
    },
    finish: async () => {
      db.exec('commit')
      for (const { sql } of indexes) db.exec(String(sql))
      db.close()
      toDisk(file)
    },
  }
}

// Otherwise the first commits that are measured would wait for all of the load to reach the disk.
const toDisk = (file: string): void => {
  const handle = openSync(file, 'r+')
  fsyncSync(handle)
  closeSync(handle)
}

/** Loads PostgreSQL: unlogged while it loads, keys and indexes made afterwards, then what autovacuum would do. */
export const postgresSeeder = async (url: string): Promise<Seeder> => {
  const client = new pg.Client({ connectionString: url })
  // When the bench is interrupted its database goes away under it.
  client.on('error', () => undefined)
  await client.connect()
  const { rows: indexes } = await client.query<{ indexname: string; indexdef: string }>(
    `select indexname, indexdef from pg_indexes where tablename = 'inventory_identity' and indexdef not like '%UNIQUE%'`,
  )
  const fromJson = (table: string, rows: readonly object[]) =>
    client.query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1::json)`, [
      JSON.stringify(rows),
    ])
  return {
    begin: async () => {
      await client.query(`set synchronous_commit = off; set maintenance_work_mem = '1GB'`)
      for (const table of TABLES) await client.query(`alter table ${table} set unlogged`)
      for (const { indexname } of indexes) await client.query(`drop index ${indexname}`)
      await client.query('alter table inventory_identity_term drop constraint inventory_identity_term_pk')
      await client.query('begin')
    },
    teams: async (rows) => void (await fromJson('inventory_team', rows)),
    identities: async (rows) => void (await fromJson('inventory_identity', rows)),
    terms: async (terms, names) => {
      await client.query('insert into inventory_identity_term select * from unnest($1::text[], $2::text[])', [
        terms,
        names,
      ])
    },
    finish: async () => {
      await client.query('commit')
      for (const { indexdef } of indexes) await client.query(indexdef)
      await client.query(
        'alter table inventory_identity_term add constraint inventory_identity_term_pk primary key (term, name)',
      )
      await client.query('vacuum analyze')
      const { rows } = await client.query('select 1 from pg_roles where rolname = current_user and rolsuper')
      if (rows.length > 0) await client.query('checkpoint')
      await client.end()
    },
  }
}
