import assert from 'node:assert/strict'
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { startHostedServer } from '../hosted-server.ts'
import { enrolAdmin, makePlace, type Place, spawnServer } from '../process.ts'
import { setUpWorkload } from '../workload.ts'

for (const engine of ['sqlite', 'postgres'] as const)
  test(`U4: a server whose database was restored to an older state behind the kept checkpoint refuses to start [${engine}]`, async (t) => {
    const place = await makePlace(engine, 'not made')
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      const first = await startHostedServer(place)
      const admin = await enrolAdmin(first)
      await first.stop()
      const restore = await backUp(place)
      const second = await startHostedServer(place)
      await setUpWorkload(second, admin)
      await second.stop()
      await restore()
      const third = spawnServer(place)
      assert.equal((await third.refused()).code, 1)
      assert.match(
        third.stderr(),
        /^reeve: the log has \d+ entries, but a signed checkpoint of \d+ is kept in .*checkpoint: the database was restored to an older state$/m,
      )
      assert.equal(third.stderr().trim().split('\n').length, 1, 'one sentence, no stack')
      // What the operator decides knowingly: the kept checkpoint is put away.
      rmSync(join(place.folder, 'data', 'checkpoint'))
      await (await startHostedServer(place)).stop()
    } finally {
      await place.remove()
    }
  })

/** Copies the stopped database, and returns how to put the copy in its place. */
const backUp = async (place: Place): Promise<() => Promise<void>> => {
  const url = place.environment.REEVE_DATABASE_URL
  if (url !== undefined) return backUpPostgres(url)
  const file = join(place.folder, 'data', 'reeve.db')
  copyFileSync(file, join(place.folder, 'older.db'))
  return async () => {
    for (const rest of ['-wal', '-shm']) rmSync(file + rest, { force: true })
    copyFileSync(join(place.folder, 'older.db'), file)
  }
}

const backUpPostgres = async (url: string): Promise<() => Promise<void>> => {
  const name = new URL(url).pathname.slice(1)
  const run = async (...statements: readonly string[]) => {
    const client = new pg.Client({ connectionString: new URL('/postgres', url).href })
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  await run(`create database ${name}_older template ${name}`)
  return () => run(`drop database ${name} with (force)`, `alter database ${name}_older rename to ${name}`)
}
