import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Caller, Narrowing } from '../kit/operation.ts'
import type { Random } from '../kit/random.ts'
import { Moment } from '../kit/text.ts'
import { secretHash, secretText } from './domain/secret-text.ts'
import type { LifecycleTables } from './schema.ts'
import type { Person } from './store-person.ts'
import { insertSession } from './store-session.ts'

const SECRET_BYTES = 32

/** A session that was just opened, with its token, which is shown this once. */
export const OpenedSession = z.object({
  id: z.string(),
  person: z.string(),
  name: z.string(),
  token: z.string(),
  expiresAt: Moment,
})

/** Opens a session of this person. `login` is the one that the session `approvedBy` approved for it, where one did. */
export const openSession = async (
  tx: Transaction<LifecycleTables>,
  given: {
    readonly id: string
    readonly person: Pick<Person, 'id' | 'name'>
    readonly source: Caller['source']
    readonly random: Random
    readonly now: Date
    readonly lifeMs: number
    readonly narrowedTo: Narrowing | null
    readonly login: string | null
    readonly approvedBy: string | null
  },
): Promise<z.infer<typeof OpenedSession>> => {
  const { id, person, source, now, narrowedTo, login, approvedBy } = given
  const token = secretText('ps', given.random.bytes(SECRET_BYTES))
  const expiresAt = new Date(now.getTime() + given.lifeMs)
  const { ip, userAgent } = source
  await insertSession(tx, {
    id,
    hash: secretHash(token),
    person: person.id,
    now,
    expiresAt,
    ip,
    userAgent,
    narrowedTo,
    login,
    approvedBy,
  })
  return { id, person: person.id, name: person.name, token, expiresAt: expiresAt.toISOString() }
}
