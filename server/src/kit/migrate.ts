import { type Migration, Migrator } from 'kysely/migration'
import type { AnyDb } from './database.ts'

/** Brings the schema up to date; replicas that start together wait for the one that does it. */
export const migrate = async (
  db: AnyDb,
  migrations: Readonly<Record<string, Migration>>,
): Promise<readonly string[]> => {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: 'kit_migration',
    migrationLockTableName: 'kit_migration_lock',
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  return (results ?? []).map((result) => result.migrationName)
}
