import { sql, type Transaction } from 'kysely'
import type { AnyDb, Handle } from '../kit/database.ts'
import { JUDGED_SOURCE, SEVERITIES, type Severity } from './domain/finding.ts'
import type { ObserveTables } from './schema.ts'
import { type Moved, OVER, type SeenFinding } from './store-finding.ts'

/** A finding of the rules as it is kept. */
export interface KnownFinding {
  readonly state: string
  readonly severity: Severity
  readonly lastSeenMs: number
  /** Until when somebody accepted it, if anybody did; it may be closed meanwhile. */
  readonly acceptedUntilMs: number | null
  /** All that a finding says, as one text. */
  readonly content: string
}

/** All that a finding says, and whose it is. */
export const contentOf = (finding: SeenFinding, team: string | null): string =>
  JSON.stringify([
    ...[finding.rule, finding.severity, finding.confidence, finding.owasp, finding.title, finding.why, finding.fix],
    ...[finding.identity, team, finding.sighting ?? null, finding.where, JSON.stringify(finding.evidence)],
  ])

/**
 * What the rules found before of these identities, or under these fingerprints. Indexes observe_finding_identity and
 * observe_finding_same: of a page of identities the first one's rows lie side by side, the other one's all over the table.
 */
export const knownFindings = async (
  tx: Transaction<ObserveTables>,
  of: { readonly identities: readonly string[] } | { readonly fingerprints: readonly string[] },
): Promise<ReadonlyMap<string, KnownFinding>> => {
  const [column, values] =
    'identities' in of ? (['identity', of.identities] as const) : (['fingerprint', of.fingerprints] as const)
  if (values.length === 0) return new Map()
  const query = tx.selectFrom('observe_finding').selectAll().where('source', '=', JUDGED_SOURCE)
  const rows = await query.where(column, 'in', values).execute()
  return new Map(
    rows.map((row) => {
      const content = JSON.stringify([
        ...[row.rule, row.severity, row.confidence, row.owasp, row.title, row.why, row.fix],
        ...[row.identity, row.team, row.sighting, row.place, row.evidence],
      ])
      const severity = SEVERITIES.find((name) => name === row.severity) ?? 'critical'
      const { state, last_seen: lastSeenMs, accepted_until: acceptedUntilMs } = row
      return [row.fingerprint, { state, severity, lastSeenMs, acceptedUntilMs, content }]
    }),
  )
}

const PAGE = 5_000

/** Fingerprints of what the rules found and nobody closed, after this one, in order. Index observe_finding_standing alone. */
export const standingAfter = async (db: AnyDb, after: string): Promise<readonly string[]> => {
  const handle: Handle<ObserveTables> = db
  const query = handle.selectFrom('observe_finding').select('fingerprint').where('source', '=', JUDGED_SOURCE)
  // A literal, so that the partial index of what stands serves it.
  const standing = query.where('fingerprint', '>', after).where(sql<boolean>`state <> 'closed'`)
  return (await standing.orderBy('fingerprint').limit(PAGE).execute()).map(({ fingerprint }) => fingerprint)
}

/** Closes what the rules find no longer, but what was found since this run began. Returns those. */
export const closeJudged = async (
  tx: Transaction<ObserveTables>,
  fingerprints: readonly string[],
  now: Date,
): Promise<readonly Moved[]> =>
  tx
    .updateTable('observe_finding')
    .set({ state: 'closed', closed_at: now.getTime(), scanned_at: now.getTime() })
    .where('source', '=', JUDGED_SOURCE)
    .where('fingerprint', 'in', fingerprints)
    .where('state', '!=', 'closed')
    .where('last_seen', '<=', now.getTime())
    .returning(['id', 'identity', 'team', 'rule'])
    .execute()

/** Opens accepted findings of the rules again. */
export const reopenFindings = async (
  tx: Transaction<ObserveTables>,
  fingerprints: readonly string[],
): Promise<void> => {
  if (fingerprints.length === 0) return
  const query = tx
    .updateTable('observe_finding')
    .set({ ...OVER, state: 'open' })
    .where('source', '=', JUDGED_SOURCE)
  await query.where('fingerprint', 'in', fingerprints).where('state', '=', 'accepted').execute()
}
