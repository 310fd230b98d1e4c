import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { insertRows } from '../kit/insert-rows.ts'
import { rankOf } from './domain/finding.ts'
import { CHANGES, type Change, HIGH_RISK_RULE, type ReportedLine } from './domain/high-risk.ts'
import type { ObserveTables } from './schema.ts'
import { type Finding, listFindings } from './store-finding.ts'

/** Whether whoever was to be told of a report was told; `none` where nobody was named. */
export const DELIVERIES = ['none', 'pending', 'delivered'] as const

/** A report of what is at high risk, without its lines. */
export interface Report {
  readonly number: number
  readonly id: string
  readonly madeAt: Date
  /** Null: by this server itself, on schedule. */
  readonly madeBy: string | null
  readonly previous: string | null
  readonly standing: number
  readonly fresh: number
  readonly changed: number
  readonly gone: number
  readonly delivery: (typeof DELIVERIES)[number]
  readonly attempts: number
  readonly retryAt: Date
  readonly deliveredAt: Date | null
  readonly lastError: string | null
}

/** What is found of the rule of the report and not closed, in one order. Index observe_finding_rule. */
export const standingFindings = async (db: Handle<ObserveTables>): Promise<readonly Finding[]> => {
  const found: Finding[] = []
  for (const state of ['open', 'accepted'] as const)
    for (let after: Parameters<typeof listFindings>[2]['after']; ; ) {
      const filter = { severity: undefined, owasp: undefined, identity: undefined, source: undefined, after, state }
      const page = await listFindings(db, { all: true }, { ...filter, rule: HIGH_RISK_RULE, limit: PAGE })
      found.push(...page)
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) break
      after = { rank: rankOf(last.severity), firstSeenMs: last.firstSeenAt.getTime(), id: last.id }
    }
  return found
}

const PAGE = 500

/** Keeps a report with its lines; false when another one took its number meanwhile. */
export const insertReport = async (
  tx: Transaction<ObserveTables>,
  report: Pick<Report, 'number' | 'id' | 'madeAt' | 'madeBy' | 'previous' | 'delivery'> & { readonly expiresAt: Date },
  lines: readonly ReportedLine[],
): Promise<boolean> => {
  const count = (change: Change) => lines.filter((line) => line.change === change).length
  const made = await tx
    .insertInto('observe_report')
    .values({
      number: report.number,
      id: report.id,
      made_at: report.madeAt.getTime(),
      made_by: report.madeBy,
      previous: report.previous,
      standing: lines.length - count('gone'),
      fresh: count('new'),
      changed: count('changed'),
      gone: count('gone'),
      delivery: report.delivery,
      attempts: 0,
      retry_at: report.madeAt.getTime(),
      delivered_at: null,
      last_error: null,
      expires_at: report.expiresAt.getTime(),
    })
    .onConflict((conflict) => conflict.column('number').doNothing())
    .returning('number')
    .executeTakeFirst()
  if (made === undefined) return false
  await items.into(
    tx,
    lines.map(({ change, ...body }, place) => [report.number, place, body.finding, change, JSON.stringify(body)]),
  )
  return true
}

const items = insertRows('observe_report_item', ['report', 'place', 'finding', 'change', 'body'])

/** The newest report. */
export const lastReport = async (db: Handle<ObserveTables>): Promise<Report | undefined> => {
  const row = await db.selectFrom('observe_report').selectAll().orderBy('number', 'desc').limit(1).executeTakeFirst()
  return row === undefined ? undefined : toReport(row)
}

/** The report with this id. */
export const findReport = async (db: Handle<ObserveTables>, id: string): Promise<Report | undefined> => {
  const row = await db.selectFrom('observe_report').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toReport(row)
}

/** Reports, the newest first; before this number. */
export const listReports = async (
  db: Handle<ObserveTables>,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<readonly Report[]> => {
  const query = db.selectFrom('observe_report').selectAll().where('number', '<', before)
  return (await query.orderBy('number', 'desc').limit(limit).execute()).map(toReport)
}

/** Lines of a report in its order, after this place; of one kind of change where one is named. */
export const linesOf = async (
  db: Handle<ObserveTables>,
  report: number,
  page: { readonly change?: Change | undefined; readonly after: number; readonly limit: number },
): Promise<readonly (ReportedLine & { readonly place: number })[]> => {
  let query = db.selectFrom('observe_report_item').selectAll().where('report', '=', report)
  query = query.where('place', '>', page.after)
  if (page.change !== undefined) query = query.where('change', '=', page.change)
  const rows = await query.orderBy('place').limit(page.limit).execute()
  return rows.map(({ place, change, body }) => ({
    ...Body.parse(JSON.parse(body)),
    place,
    change: z.enum(CHANGES).parse(change),
  }))
}

/** Forgets the reports whose time is over. Index observe_report_expires. */
export const forgetReports = async (tx: Transaction<ObserveTables>, now: Date): Promise<void> => {
  const over = tx.selectFrom('observe_report').select('number').where('expires_at', '<=', now.getTime())
  await tx.deleteFrom('observe_report_item').where('report', 'in', over).execute()
  await tx.deleteFrom('observe_report').where('expires_at', '<=', now.getTime()).execute()
}

const Text = z.string().nullable()
const Body = z.object({
  ...{ finding: z.string(), identity: Text, name: Text, team: Text, severity: z.string(), state: z.string() },
  ...{ source: z.string(), where: Text, evidence: z.array(z.string()).readonly(), firstSeenAt: z.string() },
  accepted: z.object({ until: z.string(), reason: z.string() }).nullable(),
  because: z.array(z.string()).readonly(),
})

/** A row as a report. */
export const toReport = (row: ObserveTables['observe_report']): Report => ({
  number: row.number,
  id: row.id,
  madeAt: new Date(row.made_at),
  madeBy: row.made_by,
  previous: row.previous,
  standing: row.standing,
  fresh: row.fresh,
  changed: row.changed,
  gone: row.gone,
  delivery: z.enum(DELIVERIES).parse(row.delivery),
  attempts: row.attempts,
  retryAt: new Date(row.retry_at),
  deliveredAt: row.delivered_at === null ? null : new Date(row.delivered_at),
  lastError: row.last_error,
})
