import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { DeviceKey } from './domain/device-key.ts'
import type { LifecycleTables } from './schema.ts'

const Coordinate = z.string().regex(/^[\w-]{43}$/)

/** A public JWK of a device; whatever else it holds, a private part above all, is refused. */
export const DeviceKeyInput = z.discriminatedUnion('kty', [
  z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: Coordinate, y: Coordinate }),
  z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: Coordinate }),
])

/** Keeps a device's key; false when somebody enrolled it before. */
export const insertKey = async (
  tx: Transaction<LifecycleTables>,
  given: { thumbprint: string; person: string; key: DeviceKey; now: Date },
): Promise<boolean> => {
  const row = await tx
    .insertInto('lifecycle_person_key')
    .values({
      thumbprint: given.thumbprint,
      person: given.person,
      jwk: JSON.stringify(given.key),
      created_at: given.now.getTime(),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('thumbprint')
    .executeTakeFirst()
  return row !== undefined
}

/** The device keys of a person, oldest first. */
export const keysOf = async (
  db: Handle<LifecycleTables>,
  person: string,
): Promise<readonly { readonly thumbprint: string; readonly key: DeviceKey }[]> => {
  const rows = await db
    .selectFrom('lifecycle_person_key')
    .select(['thumbprint', 'jwk'])
    .where('person', '=', person)
    .orderBy('created_at')
    .execute()
  return rows.map((row) => ({ thumbprint: row.thumbprint, key: DeviceKeyInput.parse(JSON.parse(row.jwk)) }))
}
