import type { Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import { holding } from '../kit/hold-rows.ts'
import type { Narrowing } from '../kit/operation.ts'
import type { LifecycleTables } from './schema.ts'
import { NarrowingShape } from './session-shape.ts'

/** A session as it is stored: only the hash of its token. */
export interface Session {
  readonly id: string
  readonly person: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly endedAt: Date | null
  readonly endedBy: string | null
  readonly ip: string | null
  readonly userAgent: string | null
  readonly narrowedTo: Narrowing | null
  /** The login that opened it; null: a device key did. */
  readonly login: string | null
}

/** Opens a session. */
export const insertSession = async (
  tx: Transaction<LifecycleTables>,
  session: {
    id: string
    hash: string
    person: string
    now: Date
    expiresAt: Date
    ip: string | null
    userAgent: string | null
    narrowedTo: Narrowing | null
    login: string | null
    approvedBy: string | null
  },
): Promise<void> => {
  await tx
    .insertInto('lifecycle_session')
    .values({
      id: session.id,
      hash: session.narrowedTo === null ? session.hash : narrowedHash(session.hash),
      person: session.person,
      created_at: session.now.getTime(),
      expires_at: session.expiresAt.getTime(),
      ended_at: null,
      ended_by: null,
      ip: session.ip,
      user_agent: session.userAgent,
      narrowed_to: session.narrowedTo === null ? null : JSON.stringify(session.narrowedTo),
      login: session.login,
      approved_by: session.approvedBy,
    })
    .execute()
}

/** The session whose token has this hash. */
export const findSessionByHash = async (db: Handle<LifecycleTables>, hash: string): Promise<Session | undefined> => {
  const hashes = [hash, narrowedHash(hash)]
  const row = await db.selectFrom('lifecycle_session').selectAll().where('hash', 'in', hashes).executeTakeFirst()
  if (row === undefined || (row.hash === hash) !== (row.narrowed_to === null)) return undefined
  return toSession(row)
}

// INVARIANT: a server of before knows nothing of narrowing and would take such a session for a whole one. It looks for
// the hash itself, and finds none.
const narrowedHash = (hash: string): string => `narrowed:${hash}`

/** The session with this id. */
export const findSession = async (db: Handle<LifecycleTables>, id: string): Promise<Session | undefined> => {
  const row = await db.selectFrom('lifecycle_session').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toSession(row)
}

/** The same, which nobody ends until this transaction is over. */
export const holdSession = async (tx: Transaction<LifecycleTables>, id: string): Promise<Session | undefined> => {
  const row = await holding(tx, tx.selectFrom('lifecycle_session').selectAll().where('id', '=', id)).executeTakeFirst()
  return row === undefined ? undefined : toSession(row)
}

/** A person's sessions that are in force, by id after `afterId`. */
export const listSessions = async (
  db: Handle<LifecycleTables>,
  filter: { person: string; now: Date; afterId: string; limit: number },
): Promise<readonly Session[]> => {
  const rows = await db
    .selectFrom('lifecycle_session')
    .selectAll()
    .where('person', '=', filter.person)
    .where('id', '>', filter.afterId)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', filter.now.getTime())
    .orderBy('id')
    .limit(filter.limit)
    .execute()
  return rows.map(toSession)
}

/**
 * Ends sessions that are in force: one, and those that were opened by its word, or all of a person. Returns their ids.
 * INVARIANT: the one is ended first and by itself: whoever is opening a session by its word holds it, and is then waited for.
 */
export const endSessions = async (
  tx: Transaction<LifecycleTables>,
  which: { id: string } | { person: string },
  end: { by: string | null; now: Date },
): Promise<readonly string[]> => {
  const query = tx
    .updateTable('lifecycle_session')
    .set({ ended_at: end.now.getTime(), ended_by: end.by })
    .where('ended_at', 'is', null)
    .returning('id')
  if ('person' in which) return idsOf(await query.where('person', '=', which.person).execute())
  const own = idsOf(await query.where('id', '=', which.id).execute())
  if (own.length === 0) return own
  return [...own, ...idsOf(await query.where('approved_by', '=', which.id).execute())]
}

const idsOf = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id)

/** Forgets sessions that expired before this moment. */
export const sweepSessions = async (tx: Transaction<LifecycleTables>, before: Date): Promise<void> => {
  await tx.deleteFrom('lifecycle_session').where('expires_at', '<', before.getTime()).execute()
}

const toSession = (row: {
  id: string
  person: string
  created_at: number
  expires_at: number
  ended_at: number | null
  ended_by: string | null
  ip: string | null
  user_agent: string | null
  narrowed_to: string | null
  login: string | null
}): Session => ({
  id: row.id,
  person: row.person,
  createdAt: new Date(row.created_at),
  expiresAt: new Date(row.expires_at),
  endedAt: row.ended_at === null ? null : new Date(row.ended_at),
  endedBy: row.ended_by,
  ip: row.ip,
  userAgent: row.user_agent,
  narrowedTo: row.narrowed_to === null ? null : NarrowingShape.parse(JSON.parse(row.narrowed_to)),
  login: row.login,
})
