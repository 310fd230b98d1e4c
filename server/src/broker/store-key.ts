import type { TokenAlgorithm } from '@reeve/sdk'
import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { KeyState, ScheduledKey } from './domain/key-schedule.ts'
import type { BrokerTables } from './schema.ts'
import type { SealedKey } from './signing-key.ts'

/** A signing key as it is stored. */
export interface StoredKey extends ScheduledKey, SealedKey {
  readonly retiredAt: number | null
  readonly reason: string
}

/** Every key that is not retired, oldest first. */
export const livingKeys = async (db: Handle<BrokerTables>): Promise<readonly StoredKey[]> => {
  const rows = await db
    .selectFrom('broker_signing_key')
    .selectAll()
    .where('state', '<>', 'retired')
    // The same order on every replica: verifiers compare what they have by the text of the key set.
    .orderBy('prepared_at')
    .orderBy('id')
    .execute()
  return rows.map(toKey)
}

/** The newest keys of every state. */
export const allKeys = async (db: Handle<BrokerTables>, limit: number): Promise<readonly StoredKey[]> => {
  const rows = await db
    .selectFrom('broker_signing_key')
    .selectAll()
    .orderBy('prepared_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(toKey)
}

/** Adds a key in a state; false when another one is active for this algorithm already. */
export const insertKey = async (
  tx: Transaction<BrokerTables>,
  key: SealedKey,
  state: 'prepared' | 'published' | 'active',
  given: { readonly reason: string; readonly now: Date },
): Promise<boolean> => {
  const at = given.now.getTime()
  const inserted = await tx
    .insertInto('broker_signing_key')
    .values({
      id: key.id,
      algorithm: key.algorithm,
      state,
      public_jwk: key.publicJwk,
      sealed: key.sealed,
      prepared_at: at,
      published_at: state === 'prepared' ? null : at,
      activated_at: state === 'active' ? at : null,
      retiring_at: null,
      retired_at: null,
      reason: given.reason,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted !== undefined
}

/** Moves a key on; a retired one loses its private part for good. */
export const moveKey = async (
  tx: Transaction<BrokerTables>,
  id: string,
  to: Exclude<KeyState, 'prepared'>,
  now: Date,
): Promise<void> => {
  const at = now.getTime()
  const change = {
    published: { published_at: at },
    active: { activated_at: at },
    retiring: { retiring_at: at },
    retired: { retired_at: at, sealed: '' },
  }[to]
  await tx
    .updateTable('broker_signing_key')
    .set({ state: to, ...change })
    .where('id', '=', id)
    .execute()
}

const State = z.enum(['prepared', 'published', 'active', 'retiring', 'retired'])
const Algorithm: z.ZodType<TokenAlgorithm> = z.enum(['ES256', 'EdDSA', 'RS256', 'PS256'])

const toKey = (row: BrokerTables['broker_signing_key']): StoredKey => ({
  id: row.id,
  algorithm: Algorithm.parse(row.algorithm),
  state: State.parse(row.state),
  publicJwk: row.public_jwk,
  sealed: row.sealed,
  preparedAt: row.prepared_at,
  publishedAt: row.published_at,
  activatedAt: row.activated_at,
  retiringAt: row.retiring_at,
  retiredAt: row.retired_at,
  reason: row.reason,
})
