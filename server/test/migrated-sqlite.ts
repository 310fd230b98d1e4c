import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { migrations } from '../migrations/index.ts'
import { openDatabase } from '../src/kit/database.ts'
import { migrate } from '../src/kit/migrate.ts'

/** The bytes of a database with the schema and nothing in it: made once for a process, and copied for each test. */
export const migratedFile = (): Promise<Uint8Array> => {
  made ??= make()
  return made
}

let made: Promise<Uint8Array> | undefined

const make = async (): Promise<Uint8Array> => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-test-'))
  const sqliteFile = join(folder, 'reeve.db')
  const database = openDatabase({ sqliteFile })
  await migrate(database.writer, migrations)
  // What is in the write-ahead log goes into the file.
  await sql`pragma wal_checkpoint(truncate)`.execute(database.writer)
  await database.close()
  const bytes = readFileSync(sqliteFile)
  rmSync(folder, { recursive: true, force: true })
  return bytes
}
