import type { Transaction } from 'kysely'
import type { Signal } from '../kit/operation.ts'
import type { PolicyTables } from './schema.ts'
import { endGrant, liveGrantsOf } from './store-grant.ts'

/** Ends every live grant of an identity, each with the reason, and says what memories must hear. */
export const endGrants = async (
  tx: Transaction<PolicyTables>,
  identityId: string,
  reason: string,
  now: Date,
): Promise<readonly Signal[]> => {
  const live = await liveGrantsOf(tx, identityId)
  for (const grant of live) await endGrant(tx, grant.id, reason, now)
  return live.length === 0 ? [] : [{ topic: 'grant', key: identityId }]
}
