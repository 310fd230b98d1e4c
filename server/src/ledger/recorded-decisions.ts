import type { Handle } from '../kit/database.ts'
import type { LedgerTables } from './schema.ts'

type Db = Handle<LedgerTables>

// PostgreSQL and SQLite both take many more; a query's text stays short.
const DIGESTS_MAX = 500

/** Events that recorded a decision from a moment on, in the order of the log, with the requests kept beside them. */
export const recordedDecisions = async (
  db: Db,
  page: { readonly from: Date; readonly after: number; readonly limit: number },
): Promise<{
  readonly events: readonly unknown[]
  readonly requests: ReadonlyMap<string, string>
  readonly last: number | undefined
}> => {
  // Served by the primary key: entries are dated when they are written, so what is older lies before.
  const rows = await db
    .selectFrom('ledger_entry')
    .select(['position', 'body'])
    .where('position', '>', page.after < 0 ? await firstBefore(db, page.from) : page.after)
    .where('at', '>=', page.from.getTime())
    .where('decision_id', 'is not', null)
    .orderBy('position')
    .limit(page.limit)
    .execute()
  const events: unknown[] = rows.map(({ body }) => JSON.parse(body))
  const digests = [...new Set(events.flatMap(digestOf))]
  const requests = new Map<string, string>()
  for (let at = 0; at < digests.length; at += DIGESTS_MAX) {
    const some = digests.slice(at, at + DIGESTS_MAX)
    const kept = await db.selectFrom('ledger_kept').select(['digest', 'body']).where('digest', 'in', some).execute()
    for (const { digest, body } of kept) requests.set(digest, body)
  }
  return { events, requests, last: rows.length < page.limit ? undefined : rows.at(-1)?.position }
}

/** How many decisions were recorded from a moment on. */
export const countDecisions = async (db: Db, from: Date): Promise<number> => {
  const row = await db
    .selectFrom('ledger_entry')
    .select((eb) => eb.fn.countAll().as('count'))
    // Served by ledger_entry_at.
    .where('at', '>=', from.getTime())
    .where('decision_id', 'is not', null)
    .executeTakeFirst()
  return Number(row?.count ?? 0)
}

const firstBefore = async (db: Db, from: Date): Promise<number> => {
  const query = db.selectFrom('ledger_entry').select('position').where('at', '>=', from.getTime())
  const row = await query.orderBy('at').limit(1).executeTakeFirst()
  // Clocks of replicas differ a little: what was dated a moment later may lie a little before.
  return row === undefined ? -1 : Math.max(-1, row.position - CLOCK_SLACK)
}

const CLOCK_SLACK = 10_000

const digestOf = (event: unknown): string[] => {
  if (typeof event !== 'object' || event === null || !('decision' in event)) return []
  const { decision } = event
  const digest = typeof decision === 'object' && decision !== null && 'request' in decision ? decision.request : null
  return typeof digest === 'string' ? [digest] : []
}
