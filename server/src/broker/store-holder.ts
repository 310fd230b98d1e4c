import type { AnyDb, Handle } from '../kit/database.ts'
import type { BrokerTables } from './schema.ts'

const KEY = 'key:'
// One parameter a key; well below the 32,766 that SQLite allows in a statement.
const KEYS_MAX = 1000

/** Whose these keys are, as far as they are `key:` and the thumbprint (RFC 7638) of a public key that is not revoked. */
export const holdersOfKeys = async (
  db: AnyDb & Handle<BrokerTables>,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const thumbprints = keys.filter((key) => key.startsWith(KEY)).map((key) => key.slice(KEY.length))
  const found = new Map<string, string>()
  for (let start = 0; start < thumbprints.length; start += KEYS_MAX) {
    const rows = await db
      .selectFrom('broker_credential')
      .select(['identity', 'thumbprint'])
      .where('thumbprint', 'in', thumbprints.slice(start, start + KEYS_MAX))
      .where('thumbprint', 'is not', null)
      .where('state', '!=', 'revoked')
      .execute()
    for (const { identity, thumbprint } of rows) found.set(`${KEY}${thumbprint}`, identity)
  }
  return found
}
