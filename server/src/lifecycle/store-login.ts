import type { Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import type { LifecycleTables } from './schema.ts'

/** A login that waits, as who is to decide on it sees it. */
export interface WaitingLogin {
  readonly id: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly ip: string | null
  readonly region: string | null
  readonly userAgent: string | null
}

/** What became of a login. */
export type LoginState = 'pending' | 'approved' | 'refused' | 'used'

/** Keeps a login by the hashes of its two codes; false in the one case of 2^34 that another has the code that is typed. */
export const insertLogin = async (
  tx: Transaction<LifecycleTables>,
  login: {
    id: string
    hash: string
    userHash: string
    now: Date
    expiresAt: Date
    intervalSeconds: number
    ip: string | null
    region: string | null
    userAgent: string | null
  },
): Promise<boolean> => {
  const row = await tx
    .insertInto('lifecycle_login')
    .values({
      hash: login.hash,
      user_hash: login.userHash,
      id: login.id,
      state: 'pending',
      created_at: login.now.getTime(),
      expires_at: login.expiresAt.getTime(),
      interval_seconds: login.intervalSeconds,
      polled_at: null,
      ip: login.ip,
      region: login.region,
      user_agent: login.userAgent,
      person: null,
      session: null,
      decided_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** The login with this typed code that still waits. */
export const findWaiting = async (
  db: Handle<LifecycleTables>,
  userHash: string,
  now: Date,
): Promise<WaitingLogin | undefined> => {
  const row = await db
    .selectFrom('lifecycle_login')
    .selectAll()
    .where('user_hash', '=', userHash)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now.getTime())
    .executeTakeFirst()
  return row === undefined ? undefined : toWaiting(row)
}

/** Decides on the login that still waits: of all who decide at once, one does. */
export const decideLogin = async (
  tx: Transaction<LifecycleTables>,
  userHash: string,
  decided: { state: 'approved' | 'refused'; person: string; session: string; now: Date },
): Promise<WaitingLogin | undefined> => {
  const row = await tx
    .updateTable('lifecycle_login')
    .set({
      state: decided.state,
      person: decided.person,
      session: decided.session,
      decided_at: decided.now.getTime(),
    })
    .where('user_hash', '=', userHash)
    .where('state', '=', 'pending')
    .where('expires_at', '>', decided.now.getTime())
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? undefined : toWaiting(row)
}

/** Uses an approved login, once (design rule 10); gives who approved it, and by which session. */
export const spendLogin = async (
  tx: Transaction<LifecycleTables>,
  hash: string,
  now: Date,
): Promise<{ readonly id: string; readonly person: string; readonly session: string } | undefined> => {
  const row = await tx
    .updateTable('lifecycle_login')
    .set({ state: 'used' })
    .where('hash', '=', hash)
    .where('state', '=', 'approved')
    .where('expires_at', '>', now.getTime())
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? undefined : { id: row.id, person: row.person ?? '', session: row.session ?? '' }
}

/** What became of the login with this hash. */
export const findLogin = async (
  db: Handle<LifecycleTables>,
  hash: string,
): Promise<{ readonly state: LoginState; readonly expiresAt: Date } | undefined> => {
  const row = await db.selectFrom('lifecycle_login').selectAll().where('hash', '=', hash).executeTakeFirst()
  return row === undefined ? undefined : { state: toState(row.state), expiresAt: new Date(row.expires_at) }
}

/** Notes that a waiting login was asked for; false where that is too soon after the last time. */
export const notePoll = async (
  tx: Transaction<LifecycleTables>,
  hash: string,
  at: { readonly now: Date; readonly slackMs: number },
): Promise<boolean> => {
  const nowMs = at.now.getTime()
  const noted = await tx
    .updateTable('lifecycle_login')
    .set({ polled_at: nowMs })
    .where('hash', '=', hash)
    .where((eb) =>
      eb.or([
        eb('polled_at', 'is', null),
        eb(eb('polled_at', '+', eb('interval_seconds', '*', 1000)), '<=', nowMs + at.slackMs),
      ]),
    )
    .returning('id')
    .executeTakeFirst()
  return noted !== undefined
}

/** From now on longer has to pass between two questions (RFC 8628 §3.5). */
export const slowDown = async (
  tx: Transaction<LifecycleTables>,
  hash: string,
  by: { readonly seconds: number; readonly secondsMax: number; readonly now: Date },
): Promise<void> => {
  await tx
    .updateTable('lifecycle_login')
    .set((eb) => ({ interval_seconds: eb('interval_seconds', '+', by.seconds), polled_at: by.now.getTime() }))
    .where('hash', '=', hash)
    .where('interval_seconds', '<', by.secondsMax)
    .execute()
}

/** Forgets logins that expired before this moment. */
export const sweepLogins = async (tx: Transaction<LifecycleTables>, before: Date): Promise<void> => {
  await tx.deleteFrom('lifecycle_login').where('expires_at', '<', before.getTime()).execute()
}

const STATES: readonly LoginState[] = ['pending', 'approved', 'refused', 'used']

// What another release wrote there opens nothing.
const toState = (text: string): LoginState => STATES.find((state) => state === text) ?? 'used'

const toWaiting = (row: {
  id: string
  created_at: number
  expires_at: number
  ip: string | null
  region: string | null
  user_agent: string | null
}): WaitingLogin => ({
  id: row.id,
  createdAt: new Date(row.created_at),
  expiresAt: new Date(row.expires_at),
  ip: row.ip,
  region: row.region,
  userAgent: row.user_agent,
})
