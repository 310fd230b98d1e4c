import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { holdingAlone } from '../kit/hold-rows.ts'
import { AT_DEADLINE, type AtDeadline, type Place } from './domain/rotation.ts'
import type { BrokerTables } from './schema.ts'

/** How a rotation stands: both work, the old one retired, the new one was taken back, or one of them ended otherwise. */
export const ROTATION_STATES = ['overlap', 'retired', 'rolled-back', 'ended'] as const
export type RotationState = (typeof ROTATION_STATES)[number]

/** Why a rotation ended. */
export const ROTATION_ENDS = ['all-moved', 'deadline', 'rollback', 'old-revoked', 'new-revoked', 'old-expired'] as const
export type RotationEnd = (typeof ROTATION_ENDS)[number]

/** A consumer as the end of a rotation tells of it. */
export interface ToldConsumer extends Place {
  readonly seenAt: number
}

/** Who had moved when a rotation ended, and who had not; the lists are cut, the counts are not. */
export interface Told {
  readonly moved: readonly ToldConsumer[]
  readonly behind: readonly ToldConsumer[]
  readonly movedCount: number
  readonly behindCount: number
}

/** A rotation as it is stored. Times are milliseconds since 1970. */
export interface Rotation {
  readonly id: string
  readonly identity: string
  readonly predecessor: string
  readonly successor: string
  readonly state: RotationState
  readonly startedAt: number
  readonly startedBy: string | null
  readonly reason: string | null
  readonly deadline: number
  readonly atDeadline: AtDeadline
  readonly knownSince: number
  readonly foundAt: number | null
  readonly endedAt: number | null
  readonly endedBy: string | null
  readonly endedBecause: RotationEnd | null
  readonly told: Told | null
}

/** A rotation that begins. */
export type NewRotation = Omit<Rotation, 'state' | 'foundAt' | 'endedAt' | 'endedBy' | 'endedBecause' | 'told'>

/** Begins a rotation; false when the old one has a successor already. */
export const insertRotation = async (tx: Transaction<BrokerTables>, rotation: NewRotation): Promise<boolean> => {
  const inserted = await tx
    .insertInto('broker_rotation')
    .values({
      id: rotation.id,
      identity: rotation.identity,
      predecessor: rotation.predecessor,
      successor: rotation.successor,
      state: 'overlap',
      started_at: rotation.startedAt,
      started_by: rotation.startedBy,
      reason: rotation.reason,
      deadline: rotation.deadline,
      at_deadline: rotation.atDeadline,
      known_since: rotation.knownSince,
      found_at: null,
      ended_at: null,
      ended_by: null,
      ended_because: null,
      told: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted !== undefined
}

/** Ends a rotation that runs; false when it had ended. */
export const endRotation = async (
  tx: Transaction<BrokerTables>,
  id: string,
  end: {
    readonly state: Exclude<RotationState, 'overlap'>
    readonly because: RotationEnd
    readonly by: string | null
    readonly told: Told | null
    readonly now: Date
  },
): Promise<boolean> => {
  const ended = await tx
    .updateTable('broker_rotation')
    .set({
      state: end.state,
      ended_at: end.now.getTime(),
      ended_by: end.by,
      ended_because: end.because,
      told: end.told === null ? null : JSON.stringify(end.told),
    })
    .where('id', '=', id)
    .where('state', '=', 'overlap')
    .returning('id')
    .executeTakeFirst()
  return ended !== undefined
}

/** Keeps that the deadline came and the old one stayed. */
export const markFound = async (tx: Transaction<BrokerTables>, id: string, now: Date): Promise<void> => {
  await tx.updateTable('broker_rotation').set({ found_at: now.getTime() }).where('id', '=', id).execute()
}

/** One rotation. */
export const findRotation = async (db: Handle<BrokerTables>, id: string): Promise<Rotation | undefined> => {
  const row = await db.selectFrom('broker_rotation').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toRotation(row)
}

/** The same, which nobody else ends until this transaction does. */
export const holdRotation = async (tx: Transaction<BrokerTables>, id: string): Promise<Rotation | undefined> => {
  const query = tx.selectFrom('broker_rotation').selectAll().where('id', '=', id)
  const row = await holdingAlone(tx, query).executeTakeFirst()
  return row === undefined ? undefined : toRotation(row)
}

/** The rotation that runs in which this credential is the old one or the new one. */
export const runningRotation = async (db: Handle<BrokerTables>, credential: string): Promise<Rotation | undefined> =>
  (await rotationsOf(db, [credential])).find(({ state }) => state === 'overlap')

const EACH_MAX = 20

/** The rotations of these credentials, newest first; served by broker_rotation_before and broker_rotation_successor. */
export const rotationsOf = async (
  db: Handle<BrokerTables>,
  credentials: readonly string[],
): Promise<readonly Rotation[]> => {
  if (credentials.length === 0) return []
  const rows = await db
    .selectFrom('broker_rotation')
    .selectAll()
    .where((eb) => eb.or([eb('predecessor', 'in', credentials), eb('successor', 'in', credentials)]))
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(credentials.length * EACH_MAX)
    .execute()
  return rows.map(toRotation)
}

/**
 * Rotations that run and may be due, by deadline, after one of them: the deadline is there, or nobody used the old one
 * lately. Served by broker_rotation_overlap.
 */
export const ripeRotations = async (
  db: Handle<BrokerTables>,
  given: { readonly now: Date; readonly quietSince: Date; readonly limit: number },
  after?: Rotation,
): Promise<readonly Rotation[]> => {
  let query = db
    .selectFrom('broker_rotation')
    .innerJoin('broker_credential', 'broker_credential.id', 'broker_rotation.predecessor')
    .selectAll('broker_rotation')
    .where('broker_rotation.state', '=', 'overlap')
    .where((eb) =>
      eb.or([
        eb('broker_rotation.deadline', '<=', given.now.getTime()),
        eb('broker_credential.last_used_at', '<=', given.quietSince.getTime()),
      ]),
    )
  if (after !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb('broker_rotation.deadline', '>', after.deadline),
        eb.and([eb('broker_rotation.deadline', '=', after.deadline), eb('broker_rotation.id', '>', after.id)]),
      ]),
    )
  const rows = await query
    .orderBy('broker_rotation.deadline')
    .orderBy('broker_rotation.id')
    .limit(given.limit)
    .execute()
  return rows.map(toRotation)
}

const State = z.enum(ROTATION_STATES)
const End = z.enum(ROTATION_ENDS)
const Seen = z.array(z.object({ instance: z.string(), address: z.string(), seenAt: z.number() }))
const ToldShape = z.object({ moved: Seen, behind: Seen, movedCount: z.number(), behindCount: z.number() })

const toRotation = (row: BrokerTables['broker_rotation']): Rotation => ({
  id: row.id,
  identity: row.identity,
  predecessor: row.predecessor,
  successor: row.successor,
  state: State.parse(row.state),
  startedAt: row.started_at,
  startedBy: row.started_by,
  reason: row.reason,
  deadline: row.deadline,
  atDeadline: z.enum(AT_DEADLINE).parse(row.at_deadline),
  knownSince: row.known_since,
  foundAt: row.found_at,
  endedAt: row.ended_at,
  endedBy: row.ended_by,
  endedBecause: row.ended_because === null ? null : End.parse(row.ended_because),
  told: row.told === null ? null : ToldShape.parse(JSON.parse(row.told)),
})
