import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { LedgerEvent } from './event.ts'
import type { LedgerTables } from './schema.ts'
import { namesOfUses } from './shared-event.ts'

const Event = z.custom<LedgerEvent>((value) => typeof value === 'object' && value !== null)

/**
 * The event that records a decision, and the request that was decided, as it was kept beside the log. The event of a
 * page of decisions is found by the page's name, with the page.
 */
export const findDecision = async (
  db: Handle<LedgerTables>,
  decisionId: string,
): Promise<{ readonly event: LedgerEvent; readonly request: string | null } | undefined> => {
  const bodyIn = (table: 'ledger_waiting' | 'ledger_entry') =>
    db.selectFrom(table).select('body').where('decision_id', '=', decisionId).executeTakeFirst()
  // First where it may wait for its number: it moves from there and never back. In the log served by ledger_entry_decision.
  const row = (await bodyIn('ledger_waiting')) ?? (await bodyIn('ledger_entry'))
  if (row === undefined) return undefined
  const event = Event.parse(JSON.parse(row.body))
  const digest = keptDigest(event)
  if (digest === null) return { event, request: null }
  return { event, request: (await keptTexts(db, [digest])).get(digest) ?? null }
}

/** The newest decisions on one actor that ended so, with what each was decided on as far as it is kept. */
export const decidedOf = async (
  db: Handle<LedgerTables>,
  actorId: string,
  outcome: 'done' | 'refused',
  limit: number,
): Promise<readonly { readonly decision: string; readonly at: string; readonly request: string }[]> => {
  const bodiesIn = (table: 'ledger_waiting' | 'ledger_entry') =>
    db
      .selectFrom(table)
      .select(['id', 'body'])
      .where('actor_id', '=', actorId)
      .where('decision_id', 'is not', null)
      .where('outcome', '=', outcome)
      .orderBy('position', 'desc')
      .limit(limit)
  const waiting = await bodiesIn('ledger_waiting').orderBy('place', 'desc').execute()
  // Served by ledger_entry_actor: newest first, and no further than the limit. What moved there meanwhile counts once.
  const bodies = new Map([...waiting, ...(await bodiesIn('ledger_entry').execute())].map(({ id, body }) => [id, body]))
  const decided = [...bodies.values()].slice(0, limit).flatMap((body) => {
    const event = Event.parse(JSON.parse(body))
    const { decision, at } = event
    const digest = decision?.request
    if (!decision || !digest) return []
    return namesOfUses(event, decision.id).map((id) => ({ decision: id, at, digest }))
  })
  const kept = await keptTexts(
    db,
    decided.map(({ digest }) => digest),
  )
  return decided.slice(0, limit).flatMap(({ decision, at, digest }) => {
    const request = kept.get(digest)
    return request === undefined ? [] : [{ decision, at, request }]
  })
}

// PostgreSQL and SQLite both take many more; a query's text stays short.
const DIGESTS_MAX = 500

/** Texts that were kept beside the log, by their digests, as far as they still are. */
export const keptTexts = async (
  db: Handle<LedgerTables>,
  digests: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  const asked = [...new Set(digests)]
  for (let at = 0; at < asked.length; at += DIGESTS_MAX) {
    const some = asked.slice(at, at + DIGESTS_MAX)
    const rows = await db.selectFrom('ledger_kept').select(['digest', 'body']).where('digest', 'in', some).execute()
    for (const { digest, body } of rows) found.set(digest, body)
  }
  return found
}

/** The digest of what an event's decision was made on, or of its page of decisions. */
export const keptDigest = ({ decision, evidence }: LedgerEvent): string | null =>
  decision?.request ??
  (typeof evidence.digest === 'string' && evidence.decisionPage !== undefined ? evidence.digest : null)
