import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, type Engine, openDatabase } from '../../../server/src/kit/database.ts'
import { createTestDatabase, findPostgres } from '../../../server/test/postgres.ts'
import { postgresSeeder, type Seeder, sqliteSeeder } from './seed.ts'

/** A database of one engine for a bench, and what loads it. */
export interface Place {
  readonly engine: Engine
  open(): Database
  seeder(): Seeder | Promise<Seeder>
}

/** Runs on an empty database of each engine that is here, and removes them at the end, also where it is interrupted. */
export const onPlaces = async (run: (places: readonly Place[]) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-bench-'))
  const server = await findPostgres()
  const postgres = server === undefined ? undefined : await createTestDatabase(server)
  if (postgres === undefined) console.log('no PostgreSQL here: this ran on SQLite only')
  const clear = async () => {
    rmSync(folder, { recursive: true, force: true })
    await postgres?.drop()
  }
  // Gigabytes that nobody would find again.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void clear().finally(() => process.exit(1)))
  const file = join(folder, 'reeve.db')
  const sqlite: Place = {
    engine: 'sqlite',
    open: () => openDatabase({ sqliteFile: file }),
    seeder: () => sqliteSeeder(file),
  }
  try {
    await run(postgres === undefined ? [sqlite] : [placeAt(postgres.url), sqlite])
  } finally {
    await clear()
  }
}

const placeAt = (url: string): Place => ({
  engine: 'postgres',
  open: () => openDatabase({ postgresUrl: url, poolSize: 5 }),
  seeder: () => postgresSeeder(url),
})
