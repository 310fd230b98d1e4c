import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import type { LedgerEvent } from './event.ts'
import type { LedgerTables } from './schema.ts'

const Event = z.custom<LedgerEvent>((value) => typeof value === 'object' && value !== null)

/**
 * The event that records a decision, and the request that was decided, as it was kept beside the log. The event of a
 * page of decisions is found by the page's name, with the page.
 */
export const findDecision = async (
  db: Handle<LedgerTables>,
  decisionId: string,
): Promise<{ readonly event: LedgerEvent; readonly request: string | null } | undefined> => {
  // Served by ledger_entry_decision.
  const row = await db
    .selectFrom('ledger_entry')
    .select('body')
    .where('decision_id', '=', decisionId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const event = Event.parse(JSON.parse(row.body))
  const digest = event.decision?.request ?? pageDigest(event)
  if (digest === null) return { event, request: null }
  return { event, request: (await findKept(db, digest)) ?? null }
}

/** The newest refusals of one actor that were decided, with what each was decided on as far as it is kept. */
export const refusedOf = async (
  db: Handle<LedgerTables>,
  actorId: string,
  limit: number,
): Promise<readonly { readonly decision: string; readonly at: string; readonly request: string }[]> => {
  // Served by ledger_entry_actor: newest first, and no further than the limit.
  const rows = await db
    .selectFrom('ledger_entry')
    .select('body')
    .where('actor_id', '=', actorId)
    .where('decision_id', 'is not', null)
    .where('outcome', '=', 'refused')
    .orderBy('position', 'desc')
    .limit(limit)
    .execute()
  const refused = rows.flatMap(({ body }) => {
    const { decision, at } = Event.parse(JSON.parse(body))
    return decision?.request ? [{ decision: decision.id, at, digest: decision.request }] : []
  })
  const kept = await keptTexts(db, [...new Set(refused.map(({ digest }) => digest))])
  return refused.flatMap(({ decision, at, digest }) => {
    const request = kept.get(digest)
    return request === undefined ? [] : [{ decision, at, request }]
  })
}

const keptTexts = async (
  db: Handle<LedgerTables>,
  digests: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  if (digests.length === 0) return new Map()
  const rows = await db.selectFrom('ledger_kept').select(['digest', 'body']).where('digest', 'in', digests).execute()
  return new Map(rows.map(({ digest, body }) => [digest, body]))
}

/** A text that was kept beside the log, by its digest. */
export const findKept = async (db: Handle<LedgerTables>, digest: string): Promise<string | undefined> =>
  (await db.selectFrom('ledger_kept').select('body').where('digest', '=', digest).executeTakeFirst())?.body

const pageDigest = ({ evidence }: LedgerEvent): string | null =>
  typeof evidence.digest === 'string' && evidence.decisionPage !== undefined ? evidence.digest : null
