import type { Transaction } from 'kysely'
import type { Handle } from './database.ts'
import { coreFault } from './fault.ts'
import type { KitTables } from './schema.ts'
import type { Sealer } from './seal.ts'

/** One request that may be repeated: whose key it is, and the digest of operation and body. */
export interface IdempotencyKey {
  readonly caller: string
  readonly key: string
  readonly request: string
}

/** For how long a repeated request gets the first one's answer. */
const KEEP_MS = 24 * 60 * 60 * 1000

const bindingOf = (key: IdempotencyKey) => ({
  table: 'kit_idempotency',
  row: JSON.stringify([key.caller, key.key]),
  column: 'response',
})

/** The answer that this request got before, if it was made before. Another body under the same key is refused. */
export const recallAnswer = async (
  db: Handle<KitTables>,
  sealer: Sealer,
  key: IdempotencyKey,
  now: Date,
): Promise<{ readonly answer: unknown } | undefined> => {
  const row = await db
    .selectFrom('kit_idempotency')
    .select(['request', 'response', 'until'])
    .where('caller', '=', key.caller)
    .where('key', '=', key.key)
    .executeTakeFirst()
  if (row === undefined || row.until <= now.getTime()) return undefined
  if (row.request !== key.request) throw coreFault('idempotency_conflict')
  return { answer: JSON.parse(sealer.open(row.response, bindingOf(key)).toString('utf8')) }
}

/** Claims the key inside the transaction of the effect: of two that race, the second one waits and is told. */
export const claimKey = async (tx: Transaction<KitTables>, key: IdempotencyKey, now: Date): Promise<void> => {
  await tx
    .deleteFrom('kit_idempotency')
    .where('caller', '=', key.caller)
    .where('key', '=', key.key)
    .where('until', '<=', now.getTime())
    .execute()
  const claimed = await tx
    .insertInto('kit_idempotency')
    .values({ caller: key.caller, key: key.key, request: key.request, response: '', until: now.getTime() + KEEP_MS })
    .onConflict((conflict) => conflict.columns(['caller', 'key']).doNothing())
    .returning('key')
    .executeTakeFirst()
  if (claimed === undefined) throw coreFault('idempotency_busy')
}

/** Keeps the answer, sealed because it may hold a secret that is shown once. */
export const storeAnswer = async (
  tx: Transaction<KitTables>,
  sealer: Sealer,
  key: IdempotencyKey,
  answer: unknown,
): Promise<void> => {
  const response = sealer.seal(Buffer.from(JSON.stringify(answer ?? null)), bindingOf(key))
  await tx
    .updateTable('kit_idempotency')
    .set({ response })
    .where('caller', '=', key.caller)
    .where('key', '=', key.key)
    .execute()
}

/** Forgets what nobody may repeat any more. */
export const sweepIdempotency = async (tx: Transaction<KitTables>, now: Date): Promise<void> => {
  await tx.deleteFrom('kit_idempotency').where('until', '<=', now.getTime()).execute()
}
