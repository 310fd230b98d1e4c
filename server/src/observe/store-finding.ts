import { createHash } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { holdingAlone } from '../kit/hold-rows.ts'
import { newestFirst, readParts, type Scope } from '../kit/scope.ts'
import type { ReportedFinding } from '../reported-finding.ts'
import { CONFIDENCES, type FindingState, rankOf, SEVERITIES, type Severity, STATES } from './domain/finding.ts'
import type { ObserveTables } from './schema.ts'

/** A finding as the room keeps it. */
export interface Finding extends ReportedFinding {
  readonly id: string
  readonly source: string
  readonly sighting: string | null
  readonly state: FindingState
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
  readonly closedAt: Date | null
  readonly accepted: {
    readonly by: string | null
    readonly reason: string
    readonly at: Date
    readonly until: Date
  } | null
}

/** What an imported finding says beyond a reported one. */
export interface SeenFinding extends ReportedFinding {
  readonly sighting?: string | null
}

/** Where findings come from, and whose the identities are that they are about. */
export interface FindingsFrom {
  readonly source: string
  readonly scannedAt: Date | null
  teamOf(identity: string): Promise<string | null>
}

// 25 parameters a row; well below the 32,766 that SQLite allows in a statement.
const ROWS_MAX = 100

/**
 * Reports findings. The same fingerprint of the same source is one finding: seen again it is brought up to date, and
 * opened again when it was closed; one that somebody accepted stays accepted, also when it was closed meanwhile. Returns
 * whom each is about, and whom it was about before.
 */
export const reportFindings = async (
  tx: Transaction<ObserveTables>,
  findings: readonly SeenFinding[],
  now: Date,
  from: FindingsFrom,
): Promise<readonly (string | null)[]> => {
  const once = new Map(findings.map((finding) => [finding.fingerprint, finding]))
  const teams = new Map<string, string | null>()
  for (const { identity } of once.values())
    if (identity !== null && !teams.has(identity)) teams.set(identity, await from.teamOf(identity))
  // In one order everywhere, so that two reports of the same findings cannot wait for each other.
  const rows = [...once.values()]
    .map((finding) => toRow(finding, teams.get(finding.identity ?? '') ?? null, now, from))
    .sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
  const concerned = rows.map(({ identity }) => identity)
  for (let start = 0; start < rows.length; start += ROWS_MAX) {
    const part = rows.slice(start, start + ROWS_MAX)
    const fingerprints = part.map(({ fingerprint }) => fingerprint)
    const known = tx.selectFrom('observe_finding').select('identity').where('source', '=', from.source)
    const before = known.where('fingerprint', 'in', fingerprints).orderBy('fingerprint')
    concerned.push(...(await holdingAlone(tx, before).execute()).map(({ identity }) => identity))
    await tx
      .insertInto('observe_finding')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns(['source', 'fingerprint']).doUpdateSet((eb) => ({
          rule: eb.ref('excluded.rule'),
          severity: eb.ref('excluded.severity'),
          severity_rank: eb.ref('excluded.severity_rank'),
          confidence: eb.ref('excluded.confidence'),
          owasp: eb.ref('excluded.owasp'),
          title: eb.ref('excluded.title'),
          why: eb.ref('excluded.why'),
          fix: eb.ref('excluded.fix'),
          identity: eb.ref('excluded.identity'),
          team: eb.ref('excluded.team'),
          sighting: eb.ref('excluded.sighting'),
          place: eb.ref('excluded.place'),
          evidence: eb.ref('excluded.evidence'),
          last_seen: eb.ref('excluded.last_seen'),
          // An older scan that arrives late does not take back what a later one saw.
          scanned_at: sql<number>`case when ${LATE} then observe_finding.scanned_at else excluded.scanned_at end`,
          state: sql<string>`case when observe_finding.state <> 'closed' then observe_finding.state when ${LATE} then 'closed'
            when observe_finding.accepted_until > ${now.getTime()} then 'accepted' else 'open' end`,
          accepted_by: stillAccepted('accepted_by', now),
          accepted_reason: stillAccepted('accepted_reason', now),
          accepted_at: stillAccepted('accepted_at', now),
          accepted_until: stillAccepted('accepted_until', now),
          closed_at: sql<
            number | null
          >`case when observe_finding.state = 'closed' and ${LATE} then observe_finding.closed_at end`,
        })),
      )
      .execute()
  }
  return concerned
}

// A later scan had its word on it: it saw it, or saw it no more.
const LATE = sql`observe_finding.scanned_at > excluded.scanned_at`

// An exception holds until its end, whether or not what it is for is seen all the while. Those of what stands are ended
// by a job, with an event.
const stillAccepted = (column: 'accepted_by' | 'accepted_reason' | 'accepted_at' | 'accepted_until', now: Date) =>
  sql<never>`case when observe_finding.state <> 'closed' or observe_finding.accepted_until > ${now.getTime()} then ${sql.ref(`observe_finding.${column}`)} end`

/** The same finding has the same id on every replica and in every report. */
export const findingId = (source: string, fingerprint: string): string =>
  `fnd_${createHash('sha256')
    .update(JSON.stringify([source, fingerprint]))
    .digest('base64url')
    .slice(0, 22)}`

const toRow = (finding: SeenFinding, team: string | null, now: Date, from: FindingsFrom) => ({
  id: findingId(from.source, finding.fingerprint),
  source: from.source,
  fingerprint: finding.fingerprint,
  rule: finding.rule,
  severity: finding.severity,
  severity_rank: rankOf(finding.severity),
  confidence: finding.confidence,
  owasp: finding.owasp,
  title: finding.title,
  why: finding.why,
  fix: finding.fix,
  identity: finding.identity,
  sighting: finding.sighting ?? null,
  place: finding.where,
  evidence: JSON.stringify(finding.evidence),
  state: 'open',
  first_seen: now.getTime(),
  last_seen: now.getTime(),
  scanned_at: from.scannedAt?.getTime() ?? null,
  closed_at: null,
  accepted_by: null,
  accepted_reason: null,
  accepted_at: null,
  accepted_until: null,
  team,
})

/** Which of these fingerprints another source has, not closed. Index observe_finding_fingerprint. */
export const knownElsewhere = async (
  tx: Transaction<ObserveTables>,
  source: string,
  fingerprints: readonly string[],
): Promise<ReadonlySet<string>> => {
  if (fingerprints.length === 0) return new Set()
  const query = tx.selectFrom('observe_finding').select('fingerprint').where('fingerprint', 'in', fingerprints)
  const rows = await query.where('source', '!=', source).where('state', '!=', 'closed').execute()
  return new Set(rows.map(({ fingerprint }) => fingerprint))
}

/** Gives the findings about an identity to its new team. */
export const giveFindings = async (tx: Transaction<ObserveTables>, identity: string, team: string): Promise<void> => {
  await tx.updateTable('observe_finding').set({ team }).where('identity', '=', identity).execute()
}

/** Of what is known of a sighting, or of an identity as a whole: whose it was, and whose it is from now on. */
export interface FindingsMove {
  /** The stable key of a sighting; null for all that is about `from`. */
  readonly sighting: string | null
  readonly from: string | null
  readonly to: { readonly id: string; readonly ownerId: string } | null
}

/** Findings about a sighting follow it to the identity that it is. Returns whom the moved ones were and are about. */
export const moveFindings = async (
  tx: Transaction<ObserveTables>,
  { sighting, from, to }: FindingsMove,
): Promise<readonly (string | null)[]> => {
  let query = tx.updateTable('observe_finding').set({ identity: to?.id ?? null, team: to?.ownerId ?? null })
  query = from === null ? query.where('identity', 'is', null) : query.where('identity', '=', from)
  if (sighting !== null) query = query.where('sighting', '=', sighting)
  else if (from === null) throw new Error('findings of nobody are of nothing')
  const moved = await query.returning('id').execute()
  return moved.length === 0 ? [] : [from, to?.id ?? null]
}

/** Closes what a complete scan of this source did not see any more. Returns those. */
export const closeUnseen = async (
  tx: Transaction<ObserveTables>,
  source: string,
  scannedAt: Date,
  now: Date,
): Promise<readonly Moved[]> => {
  return (
    tx
      .updateTable('observe_finding')
      .set({ state: 'closed', closed_at: now.getTime(), scanned_at: scannedAt.getTime() })
      .where('source', '=', source)
      .where('state', '!=', 'closed')
      // What a later scan has seen meanwhile stays.
      .where('scanned_at', '<', scannedAt.getTime())
      .returning(['id', 'identity', 'team', 'rule'])
      .execute()
  )
}

/** Closes one finding of this source. Returns it, if it was not closed. Index observe_finding_same. */
export const closeFinding = (
  tx: Transaction<ObserveTables>,
  source: string,
  fingerprint: string,
  now: Date,
): Promise<readonly Moved[]> =>
  tx
    .updateTable('observe_finding')
    .set({ state: 'closed', closed_at: now.getTime() })
    .where('source', '=', source)
    .where('fingerprint', '=', fingerprint)
    .where('state', '!=', 'closed')
    .returning(['id', 'identity', 'team', 'rule'])
    .execute()

/** What an acceptance leaves when it is over. */
export const OVER = { accepted_by: null, accepted_reason: null, accepted_at: null, accepted_until: null }

/** The finding with this id. */
export const findFinding = async (db: Handle<ObserveTables>, id: string): Promise<Finding | undefined> => {
  const row = await db.selectFrom('observe_finding').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : toFinding(row)
}

/** The rank of the worst open finding about an identity, if there is one. Index observe_finding_identity. */
export const worstOpen = async (db: Handle<ObserveTables>, identity: string): Promise<number | undefined> => {
  const open = db.selectFrom('observe_finding').select('severity_rank').where('identity', '=', identity)
  const worst = await open.where('state', '=', 'open').orderBy('severity_rank').limit(1).executeTakeFirst()
  return worst?.severity_rank
}

/** What a list of findings is narrowed to; `after` is the last one of the page before. */
export interface FindingFilter {
  readonly severity: Severity | undefined
  readonly owasp: string | undefined
  readonly state: FindingState | undefined
  readonly identity: string | undefined
  readonly rule: string | undefined
  readonly source: string | undefined
  readonly after: { readonly rank: number; readonly firstSeenMs: number; readonly id: string } | undefined
  readonly limit: number
}

/** Findings, worst first, then newest. */
export const listFindings = (
  db: Handle<ObserveTables>,
  scope: Scope,
  filter: FindingFilter,
): Promise<readonly Finding[]> =>
  readParts(scope, { limit: filter.limit, isBefore: isWorse }, (team) => partOf(db, team, filter))

const isNewer = newestFirst<Finding>(
  ({ firstSeenAt }) => firstSeenAt.getTime(),
  ({ id }) => id,
)

const isWorse = (one: Finding, other: Finding): boolean => {
  const [rank, otherRank] = [rankOf(one.severity), rankOf(other.severity)]
  return rank === otherRank ? isNewer(one, other) : rank < otherRank
}

// A team's part is served by observe_finding_team.
const partOf = async (
  db: Handle<ObserveTables>,
  team: string | undefined,
  filter: FindingFilter,
): Promise<readonly Finding[]> => {
  const { after } = filter
  let query = db.selectFrom('observe_finding').selectAll()
  if (team !== undefined) query = query.where('team', '=', team)
  if (filter.severity !== undefined) query = query.where('severity_rank', '=', rankOf(filter.severity))
  if (filter.owasp !== undefined) query = query.where('owasp', '=', filter.owasp)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (filter.identity !== undefined) query = query.where('identity', '=', filter.identity)
  if (filter.rule !== undefined) query = query.where('rule', '=', filter.rule)
  if (filter.source !== undefined) query = query.where('source', '=', filter.source)
  // The first bound alone is what an index can use; the rest picks among equal ranks.
  if (after !== undefined)
    query = query
      .where('severity_rank', '>=', after.rank)
      .where((eb) =>
        eb.or([
          eb('severity_rank', '>', after.rank),
          eb('first_seen', '<', after.firstSeenMs),
          eb.and([eb('first_seen', '=', after.firstSeenMs), eb('id', '>', after.id)]),
        ]),
      )
  const rows = await query
    .orderBy('severity_rank')
    .orderBy('first_seen', 'desc')
    .orderBy('id')
    .limit(filter.limit)
    .execute()
  return rows.map(toFinding)
}

/** Accepts an open or accepted finding until a moment; false when it is closed. */
export const acceptFinding = async (
  tx: Transaction<ObserveTables>,
  acceptance: { id: string; by: string | null; reason: string; now: Date; until: Date },
): Promise<boolean> => {
  const row = await tx
    .updateTable('observe_finding')
    .set({
      state: 'accepted',
      accepted_by: acceptance.by,
      accepted_reason: acceptance.reason,
      accepted_at: acceptance.now.getTime(),
      accepted_until: acceptance.until.getTime(),
    })
    .where('id', '=', acceptance.id)
    .where('state', '!=', 'closed')
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Opens findings again whose acceptance is over. Returns them. */
export const reopenExpired = async (
  tx: Transaction<ObserveTables>,
  now: Date,
  limit: number,
): Promise<readonly Moved[]> => {
  const due = await tx
    .selectFrom('observe_finding')
    .select('id')
    .where('state', '=', 'accepted')
    .where('accepted_until', '<=', now.getTime())
    .orderBy('id')
    .limit(limit)
    .execute()
  if (due.length === 0) return []
  return tx
    .updateTable('observe_finding')
    .set({ ...OVER, state: 'open' })
    .where(
      'id',
      'in',
      due.map(({ id }) => id),
    )
    .where('state', '=', 'accepted')
    .where('accepted_until', '<=', now.getTime())
    .returning(['id', 'identity', 'team', 'rule'])
    .execute()
}

/** A finding that opened or closed, and whose it is. */
export type Moved = Pick<FindingRow, 'id' | 'identity' | 'team' | 'rule'>

const SeverityName = z.enum(SEVERITIES)
const ConfidenceName = z.enum(CONFIDENCES)
const StateName = z.enum(STATES)
const Evidence = z.record(z.string(), z.string())

type FindingRow = ObserveTables['observe_finding']

const toFinding = (row: FindingRow): Finding => ({
  id: row.id,
  source: row.source,
  fingerprint: row.fingerprint,
  rule: row.rule,
  severity: SeverityName.parse(row.severity),
  confidence: ConfidenceName.parse(row.confidence),
  owasp: row.owasp,
  title: row.title,
  why: row.why,
  fix: row.fix,
  identity: row.identity,
  sighting: row.sighting,
  where: row.place,
  evidence: Evidence.parse(JSON.parse(row.evidence)),
  state: StateName.parse(row.state),
  firstSeenAt: new Date(row.first_seen),
  lastSeenAt: new Date(row.last_seen),
  closedAt: row.closed_at === null ? null : new Date(row.closed_at),
  accepted: toAcceptance(row),
})

const toAcceptance = (row: FindingRow): Finding['accepted'] =>
  row.accepted_at === null || row.accepted_until === null
    ? null
    : {
        by: row.accepted_by,
        reason: row.accepted_reason ?? '',
        at: new Date(row.accepted_at),
        until: new Date(row.accepted_until),
      }
