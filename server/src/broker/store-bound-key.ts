import type { Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import { hashSecret } from './client-secret.ts'
import type { BoundClaims } from './domain/bound-claims.ts'
import { fault } from './faults.ts'
import type { PublicKey } from './public-key.ts'
import type { BrokerTables } from './schema.ts'

/** How often a bound key was used, and the last use of it. */
export interface BoundKeyUse {
  readonly generation: number
  readonly attemptHash: string | null
  readonly address: string | null
}

/** Keeps that a credential waits for the machine that has this secret. */
export const insertBoundKey = async (
  tx: Transaction<BrokerTables>,
  given: { readonly credential: string; readonly joinHash: string; readonly joinUntil: Date },
): Promise<void> => {
  await tx
    .insertInto('broker_bound_key')
    .values({
      credential: given.credential,
      join_hash: given.joinHash,
      join_until: given.joinUntil.getTime(),
      joined_at: null,
      generation: 0,
      attempt_hash: null,
      used_at: null,
      address: null,
    })
    .execute()
}

/** Whether a machine could join this identity with a secret of this digest: looked at before anything is written; served by broker_bound_key_join. */
export const isJoinable = async (
  db: Handle<BrokerTables>,
  { identity, joinHash, now }: { readonly identity: string; readonly joinHash: string; readonly now: Date },
): Promise<boolean> => {
  const row = await db
    .selectFrom('broker_bound_key')
    .innerJoin('broker_credential', 'broker_credential.id', 'broker_bound_key.credential')
    .select('credential')
    .where('join_hash', '=', joinHash)
    .where('identity', '=', identity)
    .where('joined_at', 'is', null)
    .where('join_until', '>', now.getTime())
    .executeTakeFirst()
  return row !== undefined
}

/** Who uses a key, from where, when. */
export interface Use {
  readonly attempt: string
  readonly address: string | null
  readonly now: Date
}

/**
 * Takes the key of the machine that has the secret, once: one conditional write (rule 10). Gives the credential; undefined
 * where the secret is of none of this identity, was used, or is over.
 */
export const joinBoundKey = async (
  tx: Transaction<BrokerTables>,
  { identity, joinHash, key }: { readonly identity: string; readonly joinHash: string; readonly key: PublicKey },
  { attempt, address, now }: Use,
): Promise<string | undefined> => {
  const at = now.getTime()
  const joined = await tx
    .updateTable('broker_bound_key')
    .set({ joined_at: at, generation: 1, attempt_hash: hashSecret(attempt), used_at: at, address })
    .where('join_hash', '=', joinHash)
    .where('joined_at', 'is', null)
    .where('join_until', '>', at)
    .where('credential', 'in', (eb) =>
      eb
        .selectFrom('broker_credential')
        .select('id')
        .where('identity', '=', identity)
        .where('kind', '=', 'bound-key')
        .where('state', '=', 'active'),
    )
    .returning('credential')
    .executeTakeFirst()
  if (joined === undefined) return undefined
  const set = await tx
    .updateTable('broker_credential')
    .set({ algorithm: key.algorithm, key_id: key.keyId, thumbprint: key.thumbprint, public_jwk: key.jwk })
    .where('id', '=', joined.credential)
    // One key proves one identity; of two who bring one at once the index lets one through.
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('broker_credential as other')
            .select('other.id')
            .where('other.thumbprint', '=', key.thumbprint)
            .where('other.state', '<>', 'revoked'),
        ),
      ),
    )
    .returning('id')
    .executeTakeFirst()
  // Nothing of it is kept then: the secret is good for another key.
  if (set === undefined) throw fault('credential_key_in_use')
  return joined.credential
}

/** Goes on to the next generation: one conditional write, which of two that come with one generation one alone wins. */
export const advanceBoundKey = async (
  tx: Transaction<BrokerTables>,
  credential: string,
  { generation, previous }: BoundClaims,
  { attempt, address, now }: Use,
): Promise<boolean> => {
  if (previous === undefined) return false
  const moved = await tx
    .updateTable('broker_bound_key')
    .set({ generation, attempt_hash: hashSecret(attempt), used_at: now.getTime(), address })
    .where('credential', '=', credential)
    .where('generation', '=', generation - 1)
    .where('attempt_hash', '=', previous)
    .returning('credential')
    .executeTakeFirst()
  return moved !== undefined
}

/** The last use of a key. */
export const lastUseOf = async (
  tx: Transaction<BrokerTables>,
  credential: string,
): Promise<BoundKeyUse | undefined> => {
  const row = await tx
    .selectFrom('broker_bound_key')
    .select(['generation', 'attempt_hash', 'address'])
    .where('credential', '=', credential)
    .executeTakeFirst()
  return row === undefined
    ? undefined
    : { generation: row.generation, attemptHash: row.attempt_hash, address: row.address }
}
