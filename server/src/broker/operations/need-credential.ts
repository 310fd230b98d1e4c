import type { Handle } from '../../kit/database.ts'
import { fault } from '../faults.ts'
import type { BrokerTables } from '../schema.ts'
import { type Credential, findCredential } from '../store-credential.ts'

/** The credential with this id; `credential_not_found` when there is none. */
export const needCredential = async (db: Handle<BrokerTables>, id: string): Promise<Credential> => {
  const credential = await findCredential(db, id)
  if (credential === undefined) throw fault('credential_not_found')
  return credential
}
