import type { AnyDb } from '../kit/database.ts'
import { findGrant } from './store-grant.ts'

/** The identity that holds or held a grant; null where there is no such grant. */
export const identityOfGrant = async (db: AnyDb, id: string): Promise<string | null> =>
  (await findGrant(db, id))?.identity ?? null
