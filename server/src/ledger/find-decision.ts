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

/** A text that was kept beside the log, by its digest. */
export const findKept = async (db: Handle<LedgerTables>, digest: string): Promise<string | undefined> =>
  (await db.selectFrom('ledger_kept').select('body').where('digest', '=', digest).executeTakeFirst())?.body

const pageDigest = ({ evidence }: LedgerEvent): string | null =>
  typeof evidence.digest === 'string' && evidence.decisionPage !== undefined ? evidence.digest : null
