import type { Transaction } from 'kysely'
import type { Handle } from '../kit/database.ts'
import { newestFirst, readParts, type Scope } from '../kit/scope.ts'
import type { LifecycleTables } from './schema.ts'

/** Something that is allowed although a rule refuses it: named, reasoned, approved, and over at its expiry. */
export interface Exception {
  readonly id: string
  readonly kind: string
  readonly subject: string
  readonly reason: string
  readonly createdBy: string | null
  readonly approval: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly endedAt: Date | null
  readonly endedBy: string | null
  readonly endedReason: string | null
}

/** The exception of this kind for this subject that is in force and lasts longest. */
export const findException = async (
  db: Handle<LifecycleTables>,
  kind: string,
  subject: string,
  now: Date,
): Promise<{ readonly id: string; readonly expiresAt: Date } | undefined> => {
  // Served by lifecycle_exception_subject.
  const row = await db
    .selectFrom('lifecycle_exception')
    .select(['id', 'expires_at'])
    .where('kind', '=', kind)
    .where('subject', '=', subject)
    .where('expires_at', '>', now.getTime())
    .where('ended_at', 'is', null)
    .orderBy('expires_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? undefined : { id: row.id, expiresAt: new Date(row.expires_at) }
}

/** All exceptions of this kind that are in force. Index lifecycle_exception_subject. */
export const exceptionsInForce = async (
  db: Handle<LifecycleTables>,
  kind: string,
  now: Date,
): Promise<readonly { readonly id: string; readonly subject: string; readonly expiresAt: Date }[]> => {
  const query = db.selectFrom('lifecycle_exception').select(['id', 'subject', 'expires_at']).where('kind', '=', kind)
  const live = query.where('expires_at', '>', now.getTime()).where('ended_at', 'is', null)
  const rows = await live.orderBy('subject').orderBy('expires_at').execute()
  return rows.map((row) => ({ id: row.id, subject: row.subject, expiresAt: new Date(row.expires_at) }))
}

/** Keeps a new exception, about an identity of this team. */
export const insertException = async (
  tx: Transaction<LifecycleTables>,
  exception: Omit<Exception, 'endedAt' | 'endedBy' | 'endedReason'>,
  team: string | null,
): Promise<void> => {
  await tx
    .insertInto('lifecycle_exception')
    .values({
      id: exception.id,
      kind: exception.kind,
      subject: exception.subject,
      reason: exception.reason,
      created_by: exception.createdBy,
      approval: exception.approval,
      created_at: exception.createdAt.getTime(),
      expires_at: exception.expiresAt.getTime(),
      ended_at: null,
      ended_by: null,
      ended_reason: null,
      team,
    })
    .execute()
}

/** Gives the exceptions about an identity to its new team. */
export const giveExceptions = async (
  tx: Transaction<LifecycleTables>,
  identity: string,
  team: string,
): Promise<void> => {
  // What it may reach stands behind a stroke, and ids hold nothing that sorts between the two bounds.
  await tx
    .updateTable('lifecycle_exception')
    .set({ team })
    .where((eb) =>
      eb.or([
        eb('subject', '=', identity),
        eb.and([eb('subject', '>=', `${identity}/`), eb('subject', '<', `${identity}0`)]),
      ]),
    )
    .execute()
}

/** The exception with this id, in force or not. */
export const getException = async (db: Handle<LifecycleTables>, id: string): Promise<Exception | undefined> => {
  const row = await db.selectFrom('lifecycle_exception').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toException(row)
}

/** What a list of exceptions is narrowed to; `after` is the last one of the page before. */
export interface ExceptionFilter {
  readonly kind: string | undefined
  readonly subject: string | undefined
  /** Only what is in force at this moment. */
  readonly inForceAt: Date | undefined
  readonly after: { readonly createdAtMs: number; readonly id: string } | undefined
  readonly limit: number
}

/** Exceptions, newest first. */
export const listExceptions = (
  db: Handle<LifecycleTables>,
  scope: Scope,
  filter: ExceptionFilter,
): Promise<readonly Exception[]> =>
  readParts(scope, { limit: filter.limit, isBefore: isNewer }, (team) => partOf(db, team, filter))

const isNewer = newestFirst<Exception>(
  ({ createdAt }) => createdAt.getTime(),
  ({ id }) => id,
)

// A team's part is served by lifecycle_exception_team.
const partOf = async (
  db: Handle<LifecycleTables>,
  team: string | undefined,
  filter: ExceptionFilter,
): Promise<readonly Exception[]> => {
  const { after } = filter
  let query = db.selectFrom('lifecycle_exception').selectAll()
  if (team !== undefined) query = query.where('team', '=', team)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject)
  if (filter.inForceAt !== undefined)
    query = query.where('expires_at', '>', filter.inForceAt.getTime()).where('ended_at', 'is', null)
  if (after !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb('created_at', '<', after.createdAtMs),
        eb.and([eb('created_at', '=', after.createdAtMs), eb('id', '>', after.id)]),
      ]),
    )
  const rows = await query.orderBy('created_at', 'desc').orderBy('id').limit(filter.limit).execute()
  return rows.map(toException)
}

/** Ends an exception before its expiry; false when it is over. */
export const endException = async (
  tx: Transaction<LifecycleTables>,
  end: { id: string; by: string | null; reason: string; now: Date },
): Promise<boolean> => {
  const row = await tx
    .updateTable('lifecycle_exception')
    .set({ ended_at: end.now.getTime(), ended_by: end.by, ended_reason: end.reason })
    .where('id', '=', end.id)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', end.now.getTime())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

const toException = (row: {
  id: string
  kind: string
  subject: string
  reason: string
  created_by: string | null
  approval: string
  created_at: number
  expires_at: number
  ended_at: number | null
  ended_by: string | null
  ended_reason: string | null
}): Exception => ({
  id: row.id,
  kind: row.kind,
  subject: row.subject,
  reason: row.reason,
  createdBy: row.created_by,
  approval: row.approval,
  createdAt: new Date(row.created_at),
  expiresAt: new Date(row.expires_at),
  endedAt: row.ended_at === null ? null : new Date(row.ended_at),
  endedBy: row.ended_by,
  endedReason: row.ended_reason,
})
