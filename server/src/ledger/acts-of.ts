import { sql } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { LedgerEvent } from './event.ts'
import type { LedgerTables } from './schema.ts'

/** One identity's acts of some kinds that were done between two times. */
export interface ActFilter {
  readonly actorId: string
  readonly kinds: readonly string[]
  readonly from: Date
  readonly to: Date
}

/** Acts newest first, in pages, at most `limit` altogether; whoever has seen enough stops asking. */
export async function* actsOf(
  db: Handle<LedgerTables>,
  filter: ActFilter,
  limit: number,
): AsyncGenerator<readonly LedgerEvent[]> {
  // What waits for its number is the newest. It is asked for first: what moves to the log meanwhile counts once.
  const waiting = await waitingOf(db, filter, limit)
  if (waiting.length > 0) yield waiting.map(({ body }) => Event.parse(JSON.parse(body)))
  const told = new Set(waiting.map(({ id }) => id))
  const first = await edgeOf(db, filter, 'asc')
  let last = await edgeOf(db, filter, 'desc')
  for (let left = limit - waiting.length; left > 0 && first !== undefined && last !== undefined; left -= PAGE) {
    const rows = await db
      .selectFrom('ledger_entry')
      .select(['position', 'id', 'body'])
      .where('actor_id', '=', filter.actorId)
      .where('position', '>=', first)
      .where('position', '<=', last)
      // Written so that ledger_entry_actor leads; the kind alone matches far too much.
      .where(sql<boolean>`kind || '' in (${sql.join(filter.kinds)})`)
      .where('outcome', '=', 'done')
      .orderBy('position', 'desc')
      .limit(Math.min(PAGE, left))
      .execute()
    const untold = rows.filter(({ id }) => !told.has(id))
    if (untold.length > 0) yield untold.map(({ body }) => Event.parse(JSON.parse(body)))
    const oldest = rows.at(-1)
    if (oldest === undefined || rows.length < PAGE) return
    last = oldest.position - 1
  }
}

const PAGE = 500
const Event = z.custom<LedgerEvent>((value) => typeof value === 'object' && value !== null)

const waitingOf = (db: Handle<LedgerTables>, filter: ActFilter, limit: number) =>
  db
    .selectFrom('ledger_waiting')
    .select(['id', 'body'])
    .where('actor_id', '=', filter.actorId)
    .where('kind', 'in', filter.kinds)
    .where('outcome', '=', 'done')
    .where('at', '>=', filter.from.getTime())
    .where('at', '<=', filter.to.getTime())
    .orderBy('position', 'desc')
    .orderBy('place', 'desc')
    .limit(limit)
    .execute()

/** The position at which these times begin or end. Served by ledger_entry_at. */
const edgeOf = async (
  db: Handle<LedgerTables>,
  { from, to }: ActFilter,
  order: 'asc' | 'desc',
): Promise<number | undefined> => {
  const row = await db
    .selectFrom('ledger_entry')
    .select('position')
    .where('at', '>=', from.getTime())
    .where('at', '<=', to.getTime())
    .orderBy('at', order)
    .orderBy('position', order)
    .limit(1)
    .executeTakeFirst()
  return row?.position
}
