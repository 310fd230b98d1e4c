import type { Insertable, Selectable, Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { holdingAlone } from '../kit/hold-rows.ts'
import { byText, readParts, type Scope } from '../kit/scope.ts'
import { type Stream, type StreamOrigin, startingAt, withOwn } from './domain/stream.ts'
import type { BrokerTables } from './schema.ts'
import { feedHead } from './store-stop.ts'

type Db = Handle<BrokerTables>
type Tx = Transaction<BrokerTables>
type Row = BrokerTables['broker_stream']

/** One stream. */
export const findStream = async (db: Db, id: string): Promise<Stream | undefined> => {
  const row = await db.selectFrom('broker_stream').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toStream(row)
}

/** The same, and nobody else holds or changes it until this transaction ends. */
export const holdStream = async (tx: Tx, id: string): Promise<Stream | undefined> => {
  const row = await holdingAlone(tx, tx.selectFrom('broker_stream').selectAll().where('id', '=', id)).executeTakeFirst()
  return row === undefined ? undefined : toStream(row)
}

/** The enabled streams whose delivery was set by any of these, held; there are four of a receiver at most. */
export const holdStreamsSetBy = async (
  tx: Tx,
  by: Partial<StreamOrigin> & { readonly issuer?: string },
): Promise<readonly Stream[]> => {
  const query = tx
    .selectFrom('broker_stream')
    .selectAll()
    .where('method', '=', 'push')
    .where('status', '=', 'enabled')
    .where((eb) =>
      eb.or([
        eb('set_by_token', '=', by.token ?? null),
        eb('set_by_credential', '=', by.credential ?? null),
        eb('set_by_instance', '=', by.instance ?? null),
        eb('set_by_credential', 'in', (trusts) =>
          trusts
            .selectFrom('broker_trust')
            .select('credential')
            .where('issuer', '=', by.issuer ?? null),
        ),
      ]),
    )
    .orderBy('id')
  return (await holdingAlone(tx, query).execute()).map(toStream)
}

/** Keeps others from adding streams until this transaction ends, and gives how many this receiver has. */
export const countStreams = async (tx: Tx, identity: string): Promise<number> => {
  await tx
    .updateTable('broker_counter')
    .set((eb) => ({ value: eb('value', '+', 1) }))
    .where('name', '=', 'stream')
    .execute()
  const rows = await tx.selectFrom('broker_stream').select('id').where('identity', '=', identity).execute()
  return rows.length
}

/** Adds one. */
export const insertStream = async (tx: Tx, stream: Stream): Promise<void> => {
  await tx
    .insertInto('broker_stream')
    .values({ ...toRow(stream), lease_holder: null, lease_until: 0 })
    .execute()
}

/** Writes one, which is held, as it now is. */
export const updateStream = async (tx: Tx, stream: Stream): Promise<void> => {
  await tx.updateTable('broker_stream').set(toRow(stream)).where('id', '=', stream.id).execute()
}

/** Removes one; whether it was there. */
export const deleteStream = async (tx: Tx, id: string): Promise<boolean> => {
  const gone = await tx.deleteFrom('broker_stream').where('id', '=', id).returning('id').executeTakeFirst()
  return gone !== undefined
}

/** Removes those of a receiver that is no more. */
export const deleteStreamsOf = async (tx: Tx, identity: string): Promise<void> => {
  await tx.deleteFrom('broker_stream').where('identity', '=', identity).execute()
}

/** Gives the streams of a receiver to its new team. */
export const giveStreams = async (tx: Tx, identity: string, team: string): Promise<void> => {
  await tx.updateTable('broker_stream').set({ team }).where('identity', '=', identity).execute()
}

/** A page in the order of ids; a team's part is served by broker_stream_team. */
export const listStreams = (
  db: Db,
  scope: Scope,
  page: { readonly identity: string | undefined; readonly after: string | undefined; readonly limit: number },
): Promise<readonly Stream[]> =>
  readParts(scope, { limit: page.limit, isBefore: byText(({ id }) => id) }, async (team) => {
    let query = db.selectFrom('broker_stream').selectAll()
    if (team !== undefined) query = query.where('team', '=', team)
    if (page.identity !== undefined) query = query.where('identity', '=', page.identity)
    if (page.after !== undefined) query = query.where('id', '>', page.after)
    return (await query.orderBy('id').limit(page.limit).execute()).map(toStream)
  })

/** Streams that are pushed, may have something to tell and are nobody else's now, those that wait longest first. */
export const dueStreams = async (
  db: Db,
  { holder, now, limit }: { readonly holder: string; readonly now: Date; readonly limit: number },
): Promise<readonly string[]> => {
  const nowMs = now.getTime()
  const head = await feedHead(db)
  const rows = await db
    .selectFrom('broker_stream')
    .select('id')
    .where('method', '=', 'push')
    .where('retry_at', '<=', nowMs)
    .where((eb) => eb.or([eb('lease_until', '<=', nowMs), eb('lease_holder', '=', holder)]))
    .where((eb) =>
      eb.or([
        eb('own', '<>', '[]'),
        eb.and([eb('status', '=', 'enabled'), eb.or([eb('resend_until', 'is not', null), eb('position', '<', head)])]),
      ]),
    )
    .orderBy('retry_at')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** Takes a stream for this replica until then, by one conditional write; the stream, or undefined where another has it. */
export const leaseStream = async (
  tx: Tx,
  id: string,
  given: { readonly holder: string; readonly now: Date; readonly until: Date },
): Promise<Stream | undefined> => {
  const row = await tx
    .updateTable('broker_stream')
    .set({ lease_holder: given.holder, lease_until: given.until.getTime() })
    .where('id', '=', id)
    .where((eb) => eb.or([eb('lease_until', '<=', given.now.getTime()), eb('lease_holder', '=', given.holder)]))
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? undefined : toStream(row)
}

/** Gives it back. */
export const freeStream = async (tx: Tx, id: string, holder: string): Promise<void> => {
  await tx
    .updateTable('broker_stream')
    .set({ lease_holder: null, lease_until: 0 })
    .where('id', '=', id)
    .where('lease_holder', '=', holder)
    .execute()
}

/**
 * Starts again with those that were not told of what is removed from the feed now. INVARIANT: in the transaction that
 * removes it, so that no stream ever misses an entry without a word.
 */
export const restartStreams = async (tx: Tx, now: Date, newId: () => string): Promise<void> => {
  const oldest = await tx.selectFrom('broker_revocation').select('seq').orderBy('seq').limit(1).executeTakeFirst()
  const head = await feedHead(tx)
  const first = oldest?.seq ?? head + 1
  const rows = await holdingAlone(
    tx,
    tx
      .selectFrom('broker_stream')
      .selectAll()
      .where('position', '<', first - 1)
      // Nothing is held for one that is disabled.
      .where('status', '<>', 'disabled')
      .orderBy('id'),
  ).execute()
  for (const row of rows) {
    const at = Math.floor(now.getTime() / 1000)
    const stream = toStream(row)
    const told = { id: newId(), at, type: 'stream-updated', status: stream.status, reason: RESTARTED } as const
    await updateStream(tx, withOwn({ ...stream, ...startingAt(head) }, told))
  }
}

/** What a receiver is told that was away for longer than the feed is kept. */
const RESTARTED =
  'events were not taken for longer than they are kept: forget what was told before; everything in force follows'

const OwnEvents = z.array(
  z.discriminatedUnion('type', [
    z.object({ id: z.string(), at: z.number(), type: z.literal('verification'), state: z.string().nullable() }),
    z.object({
      id: z.string(),
      at: z.number(),
      type: z.literal('stream-updated'),
      status: z.enum(['enabled', 'paused', 'disabled']),
      reason: z.string().nullable(),
    }),
  ]),
)
const Texts = z.array(z.string())
const Method = z.enum(['push', 'poll'])
const Status = z.enum(['enabled', 'paused', 'disabled'])

const toStream = (row: Selectable<Row>): Stream => ({
  id: row.id,
  identity: row.identity,
  team: row.team,
  method: Method.parse(row.method),
  endpoint: row.endpoint,
  sealed: row.sealed,
  requested: Texts.parse(JSON.parse(row.requested)),
  description: row.description,
  status: Status.parse(row.status),
  statusReason: row.status_reason,
  excluded: Texts.parse(JSON.parse(row.excluded)),
  position: row.position,
  resend:
    row.resend_from === null || row.resend_until === null ? null : { from: row.resend_from, until: row.resend_until },
  own: OwnEvents.parse(JSON.parse(row.own)),
  taken: Texts.parse(JSON.parse(row.taken)),
  createdAt: row.created_at,
  createdBy: row.created_by,
  verifiedAt: row.verified_at,
  heardAt: row.heard_at,
  failures: row.failures,
  lastError: row.last_error,
  retryAt: row.retry_at,
  setBy: { token: row.set_by_token, credential: row.set_by_credential, instance: row.set_by_instance },
})

const toRow = (stream: Stream): Omit<Insertable<Row>, 'lease_holder' | 'lease_until'> => ({
  id: stream.id,
  identity: stream.identity,
  team: stream.team,
  method: stream.method,
  endpoint: stream.endpoint,
  sealed: stream.sealed,
  requested: JSON.stringify(stream.requested),
  description: stream.description,
  status: stream.status,
  status_reason: stream.statusReason,
  excluded: JSON.stringify(stream.excluded),
  position: stream.position,
  resend_from: stream.resend?.from ?? null,
  resend_until: stream.resend?.until ?? null,
  own: JSON.stringify(stream.own),
  taken: JSON.stringify(stream.taken),
  created_at: stream.createdAt,
  created_by: stream.createdBy,
  verified_at: stream.verifiedAt,
  heard_at: stream.heardAt,
  failures: stream.failures,
  last_error: stream.lastError,
  retry_at: stream.retryAt,
  set_by_token: stream.setBy.token,
  set_by_credential: stream.setBy.credential,
  set_by_instance: stream.setBy.instance,
})
