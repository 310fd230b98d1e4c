import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { migrations } from '../migrations/index.ts'
import { openDatabase } from '../src/kit/database.ts'
import { migrate } from '../src/kit/migrate.ts'

/** A migrated database that is nobody else's until it is given back. */
export interface Leased {
  readonly url: string
  /** Sets every table back to what the migrations leave. */
  reset(): Promise<void>
  giveBack(): Promise<void>
}

// `npm test` names its run, and all its processes share databases; a file that runs alone drops its own.
const shared = process.env.REEVE_TEST_RUN
const run = shared ?? randomBytes(4).toString('hex')

/**
 * Leases one of the run's databases, as the migrations leave it, and makes one where all are taken. Making, migrating
 * and dropping one costs seconds on a busy machine, because PostgreSQL flushes everything that any database has to
 * write before it drops one; setting one back costs some milliseconds.
 */
export const leaseDatabase = async (server: string): Promise<Leased> => {
  const keeper = await connected(server)
  const name = await freeName(keeper)
  const url = new URL(server)
  url.pathname = `/${name}`
  const own = await openPristine(keeper, name, url.href)
  return {
    url: url.href,
    reset: () => onDatabase(url.href, own.reset),
    giveBack: async () => {
      if (shared === undefined) await keeper.query(`drop database if exists ${name} with (force)`)
      await keeper.end()
    },
  }
}

/** Drops the databases that this run leaves behind. */
export const dropLeased = (server: string, ofRun: string): Promise<void> =>
  onDatabase(server, async (client) => {
    const { rows } = await client.query('select datname from pg_database where starts_with(datname, $1)', [
      prefixOf(ofRun),
    ])
    for (const { datname } of rows)
      await client.query(`drop database if exists ${pg.escapeIdentifier(String(datname))} with (force)`)
  })

const prefixOf = (ofRun: string): string => `reeve_test_run_${ofRun}_`

/** The first name that no living process holds: the lock ends with the connection, however the process ends. */
const freeName = async (keeper: pg.Client): Promise<string> => {
  for (let slot = 0; ; slot++) {
    const name = `${prefixOf(run)}${slot}`
    const { rows } = await keeper.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as held', [name])
    if (rows[0].held === true) return name
  }
}

interface Pristine {
  reset(client: pg.Client): Promise<void>
}

const openPristine = async (keeper: pg.Client, name: string, url: string): Promise<Pristine> => {
  const { rowCount } = await keeper.query('select 1 from pg_database where datname = $1', [name])
  if (rowCount === 1) {
    // A server of the test before may have been killed in the middle of something.
    await keeper.query('select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1', [name])
    const kept = await onDatabase(url, async (client) => ((await isIntact(client)) ? resetOf(client) : undefined))
    if (kept !== undefined) {
      await onDatabase(url, kept.reset)
      return kept
    }
    await keeper.query(`drop database ${name} with (force)`)
  }
  await keeper.query(`create database ${name}`)
  const database = openDatabase({ postgresUrl: url, poolSize: 2 })
  await migrate(database.writer, migrations)
  await database.close()
  return onDatabase(url, async (client) => {
    await keepSeeds(client)
    return resetOf(client)
  })
}

/** Keeps the rows that the migrations themselves put in, and what the schema looks like. */
const keepSeeds = async (client: pg.Client): Promise<void> => {
  await client.query('create schema pristine')
  for (const table of await tablesOf(client, 'public')) {
    const { rowCount } = await client.query(`select 1 from public.${table} limit 1`)
    if (rowCount === 1) await client.query(`create table pristine.${table} as table public.${table}`)
  }
  await client.query(`comment on schema pristine is '${await shapeOf(client)}'`)
}

const isIntact = async (client: pg.Client): Promise<boolean> => {
  const { rows } = await client.query(
    `select obj_description(oid, 'pg_namespace') as shape from pg_namespace where nspname = 'pristine'`,
  )
  return rows[0]?.shape === (await shapeOf(client))
}

/** Changes when a test left a table, a column or a trigger behind. */
const shapeOf = async (client: pg.Client): Promise<string> => {
  const { rows } = await client.query(
    `select md5(string_agg(c.relname || (select count(*) from pg_attribute where attrelid = c.oid)
       || (select count(*) from pg_trigger where tgrelid = c.oid and not tgisinternal), ',' order by c.relname)) as shape
     from pg_class c where c.relnamespace = 'public'::regnamespace`,
  )
  return String(rows[0].shape)
}

const tablesOf = async (client: pg.Client, schema: string): Promise<readonly string[]> => {
  const { rows } = await client.query(
    `select quote_ident(tablename) as name from pg_tables where schemaname = $1 and tablename not like 'kit_migration%' order by 1`,
    [schema],
  )
  return rows.map((row) => String(row.name))
}

const resetOf = async (client: pg.Client): Promise<Pristine> => {
  const empty = (await tablesOf(client, 'public')).map((table) => `delete from public.${table};`)
  const insert = (await tablesOf(client, 'pristine')).map(
    (table) => `insert into public.${table} table pristine.${table};`,
  )
  const sequences = await client.query(
    `select quote_ident(sequencename) as name from pg_sequences where schemaname = 'public'`,
  )
  const restart = sequences.rows.map((row) => `alter sequence public.${String(row.name)} restart;`)
  // In the replica role foreign keys do not fire, so that any order of tables will do. What is set back need not
  // survive a power cut.
  const statements = `begin; set local session_replication_role = replica; set local synchronous_commit = off;
    ${empty.join(' ')} ${insert.join(' ')} ${restart.join(' ')} commit;`
  return { reset: async (other) => void (await other.query(statements)) }
}

const connected = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

const onDatabase = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = await connected(url)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
