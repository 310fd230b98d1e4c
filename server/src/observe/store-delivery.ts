import type { Transaction } from 'kysely'
import type { ObserveTables } from './schema.ts'
import { type Report, toReport } from './store-report.ts'

/**
 * Takes the oldest report that is still to be delivered, if it is due, until this moment: whoever dies with it leaves it
 * to others then. One conditional write, so that no two take it. Index observe_report_pending.
 */
export const claimDelivery = async (
  tx: Transaction<ObserveTables>,
  now: Date,
  until: Date,
): Promise<Report | undefined> => {
  const pending = tx.selectFrom('observe_report').select(['number', 'retry_at']).where('delivery', '=', 'pending')
  const oldest = await pending.orderBy('number').limit(1).executeTakeFirst()
  if (oldest === undefined || oldest.retry_at > now.getTime()) return undefined
  const row = await tx
    .updateTable('observe_report')
    .set((eb) => ({ retry_at: until.getTime(), attempts: eb('attempts', '+', 1) }))
    .where('number', '=', oldest.number)
    .where('delivery', '=', 'pending')
    .where('retry_at', '=', oldest.retry_at)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? undefined : toReport(row)
}

/** Keeps that a report was taken; false when that was known. */
export const keepDelivered = async (tx: Transaction<ObserveTables>, number: number, now: Date): Promise<boolean> => {
  const row = await tx
    .updateTable('observe_report')
    .set({ delivery: 'delivered', delivered_at: now.getTime(), last_error: null })
    .where('number', '=', number)
    .where('delivery', '=', 'pending')
    .returning('number')
    .executeTakeFirst()
  return row !== undefined
}

/** Keeps why a report was not taken, and when it is tried again. */
export const keepUndelivered = async (
  tx: Transaction<ObserveTables>,
  number: number,
  { why, retryAt }: { readonly why: string; readonly retryAt: Date },
): Promise<void> => {
  await tx
    .updateTable('observe_report')
    .set({ last_error: why, retry_at: retryAt.getTime() })
    .where('number', '=', number)
    .where('delivery', '=', 'pending')
    .execute()
}
