import type { Selectable } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { Application } from './domain/application.ts'
import type { PolicyTables } from './schema.ts'
import { ApplicationInput } from './shapes-application.ts'

type Db = Handle<PolicyTables>

/** All of them in the order of their names. */
export const allApplications = async (db: Db): Promise<readonly Application[]> =>
  (await db.selectFrom('policy_application').selectAll().orderBy('name').execute()).map(toApplication)

/** By id or unique name. */
export const findApplication = async (db: Db, idOrName: string): Promise<Application | undefined> => {
  const row = await db
    .selectFrom('policy_application')
    .selectAll()
    .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName)]))
    .executeTakeFirst()
  return row === undefined ? undefined : toApplication(row)
}

/** Stores one under its name, in place of the one that was there. */
export const putApplication = async (db: Db, application: Application, now: Date): Promise<void> => {
  const { id, name, directory, ...body } = application
  const row = { id, name, directory, body: JSON.stringify(body), created_at: now.getTime(), changed_at: now.getTime() }
  const { created_at: _, ...changed } = row
  await db
    .insertInto('policy_application')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet(changed))
    .execute()
}

/** Removes the one of this name. */
export const removeApplication = async (db: Db, name: string): Promise<void> => {
  await db.deleteFrom('policy_application').where('name', '=', name).execute()
}

const toApplication = ({ id, name, body, directory }: Selectable<PolicyTables['policy_application']>): Application => ({
  ...ApplicationInput.parse({ ...JSON.parse(body), name }),
  id,
  directory,
})
