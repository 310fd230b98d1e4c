import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { migrations } from '../../migrations/index.ts'
import { enrolAdmin, makePlace, type Place, spawnServer, startServer } from '../process.ts'
import { withSql } from '../sql.ts'
import { setUpWorkload } from '../workload.ts'

const ROUNDS = 3

for (const engine of ['sqlite', 'postgres'] as const)
  test(`a server that was killed while it made its tables starts again and makes the rest [${engine}]`, async (t) => {
    const cut: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const place = await makePlace(engine, 'not made')
      if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
      try {
        cut.push(await killWhileMigrating(place, round))
        if (round < ROUNDS - 1 && cut.at(-1) === 0) continue
        const server = await startServer(place)
        await setUpWorkload(server, await enrolAdmin(server))
        await server.stop()
        assert.equal(await migrated(place), Object.keys(migrations).length)
      } finally {
        await place.remove()
      }
    }
    t.diagnostic(
      `killed after ${cut.join(', ')} of ${Object.keys(migrations).length} migrations; each start after it was whole`,
    )
    assert.ok(
      cut.some((count) => count < Object.keys(migrations).length),
      'no kill met the migration',
    )
  })

/** Kills the first start a little after it began with the database, a little later each round. */
const killWhileMigrating = async (place: Place, round: number): Promise<number> => {
  const server = spawnServer(place)
  while (!(await hasBegun(place))) await pause(1)
  await pause(round * 15)
  server.kill('SIGKILL')
  await server.exited
  return migrated(place)
}

const hasBegun = async (place: Place): Promise<boolean> => {
  if (place.engine === 'sqlite') return existsSync(join(place.folder, 'data', 'reeve.db-wal'))
  return withSql(
    place,
    async (sql) => (await sql.rows(`select 1 from pg_tables where schemaname = 'public'`)).length > 0,
  )
}

const migrated = (place: Place): Promise<number> =>
  withSql(place, async (sql) => {
    const tables =
      place.engine === 'sqlite'
        ? `select name from sqlite_master where name = 'kit_migration'`
        : `select tablename from pg_tables where tablename = 'kit_migration'`
    if ((await sql.rows(tables)).length === 0) return 0
    return (await sql.rows('select name from kit_migration')).length
  })
