import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { type AnyTx, type Database, openDatabase } from './database.ts'
import { isDatabaseGone } from './database-gone.ts'
import { undone } from './undone.ts'

const fill = (tx: AnyTx) => sql`insert into it values (zeroblob(100000))`.execute(tx)

const WRITES: Readonly<Record<string, (database: Database) => Promise<unknown>>> = {
  'a write': (database) => database.write(fill),
  'a group of writes': (database) => database.writeGroup(fill),
  'a write that is tried out': (database) => database.write((tx: AnyTx) => undone(tx, () => fill(tx))),
}

const rowsOf = async ({ reader }: Database): Promise<number> =>
  (await sql<{ found: number }>`select count(*) as found from it`.execute(reader)).rows[0]?.found ?? -1

for (const [name, write] of Object.entries(WRITES))
  test(`${name} that finds the disk full says so, changes nothing, and is done once there is room again`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reeve-sqlite-'))
    const database = openDatabase({ sqliteFile: join(folder, 'reeve.db') })
    try {
      await sql`create table it (what blob)`.execute(database.writer)
      await sql`pragma max_page_count = 10`.execute(database.writer)
      await assert.rejects(write(database), (error) => isDatabaseGone(error))
      await assert.rejects(write(database), (error) => isDatabaseGone(error))
      assert.equal(await rowsOf(database), 0)
      await sql`pragma max_page_count = 1000`.execute(database.writer)
      await write(database)
      await database.write(fill)
      assert.ok((await rowsOf(database)) > 0)
    } finally {
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
