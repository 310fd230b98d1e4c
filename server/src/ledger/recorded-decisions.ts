import type { Handle } from '../kit/database.ts'
import type { LedgerEvent } from './event.ts'
import { keptDigest, keptTexts } from './find-decision.ts'
import type { LedgerTables } from './schema.ts'
import { usesOf } from './shared-event.ts'

type Db = Handle<LedgerTables>

/**
 * Events that recorded a decision from a moment on, or a page of them, in the order of the log, with what was kept beside
 * them. No more events are read than hold about `limit` decisions.
 */
export const recordedDecisions = async (
  db: Db,
  page: { readonly from: Date; readonly after: number; readonly limit: number },
): Promise<{
  readonly events: readonly unknown[]
  readonly requests: ReadonlyMap<string, string>
  readonly last: number | undefined
}> => {
  // Asked for first, and told last: what moves to the log meanwhile is told there.
  const waiting = await waitingFrom(db, page.from)
  // Served by the primary key: entries are dated when they are written, so what is older lies before.
  const found = await db
    .selectFrom('ledger_entry')
    .select(['position', 'id', 'body'])
    .where('position', '>', page.after < 0 ? await firstBefore(db, page.from) : page.after)
    .where('at', '>=', page.from.getTime())
    .where('decision_id', 'is not', null)
    .orderBy('position')
    .limit(page.limit)
    .execute()
  const events: unknown[] = []
  const digests: string[] = []
  let [decisions, last] = [0, -1]
  for (const { position, body } of found) {
    if (decisions >= page.limit) break
    const event: LedgerEvent = JSON.parse(body)
    const { decisions: ofPage } = event.evidence
    decisions += typeof ofPage === 'number' ? ofPage : usesOf(event)
    events.push(event)
    digests.push(keptDigest(event) ?? '')
    last = position
  }
  const isAll = found.length < page.limit && events.length === found.length
  const told = new Set(found.map(({ id }) => id))
  for (const { id, body } of isAll ? waiting : []) {
    if (told.has(id)) continue
    const event: LedgerEvent = JSON.parse(body)
    events.push(event)
    digests.push(keptDigest(event) ?? '')
  }
  return { events, requests: await keptTexts(db, digests), last: isAll ? undefined : last }
}

/** How many events recorded decisions from a moment on. */
export const countDecisions = async (db: Db, from: Date): Promise<number> => {
  const waiting = await waitingFrom(db, from)
  const row = await db
    .selectFrom('ledger_entry')
    .select((eb) => eb.fn.countAll().as('count'))
    // Served by ledger_entry_at.
    .where('at', '>=', from.getTime())
    .where('decision_id', 'is not', null)
    .executeTakeFirst()
  return Number(row?.count ?? 0) + waiting.length
}

const waitingFrom = (db: Db, from: Date) =>
  db
    .selectFrom('ledger_waiting')
    .select(['id', 'body'])
    .where('at', '>=', from.getTime())
    .where('decision_id', 'is not', null)
    .orderBy('position')
    .orderBy('place')
    .execute()

const firstBefore = async (db: Db, from: Date): Promise<number> => {
  const query = db.selectFrom('ledger_entry').select('position').where('at', '>=', from.getTime())
  const row = await query.orderBy('at').limit(1).executeTakeFirst()
  // Clocks of replicas differ a little: what was dated a moment later may lie a little before.
  return row === undefined ? -1 : Math.max(-1, row.position - CLOCK_SLACK)
}

const CLOCK_SLACK = 10_000
