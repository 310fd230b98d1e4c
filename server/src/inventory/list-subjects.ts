import type { AnyDb } from '../kit/database.ts'
import { type InventorySubject, subjectOf } from './find-subject.ts'
import { identitiesAfter } from './store-identity.ts'
import { teamsById } from './store-team.ts'

/** Identities as the other rooms judge them, in the order of their ids, a page at a time; retired ones are left out. */
export const listSubjects = async (db: AnyDb, afterId: string, limit: number): Promise<readonly InventorySubject[]> => {
  const identities = await identitiesAfter(db, afterId, limit)
  const teams = await teamsById(
    db,
    identities.map(({ ownerId }) => ownerId),
  )
  return identities.map((identity) => subjectOf(identity, teams.get(identity.ownerId)))
}
