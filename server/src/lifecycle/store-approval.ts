import { type Expression, type Selectable, type SqlBool, sql, type Transaction } from 'kysely'
import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { newestFirst, readParts, type Scope } from '../kit/scope.ts'
import type { Needed } from '../settings.ts'
import { NEEDS, type Vote } from './domain/approval.ts'
import { ROLES } from './domain/role.ts'
import type { LifecycleTables } from './schema.ts'

/** How far a request for approval got; one that is past its expiry is over whatever its state says. */
export type ApprovalState = 'requested' | 'approved' | 'refused' | 'used'

/** Every state. */
export const APPROVAL_STATES = ['requested', 'approved', 'refused', 'used'] as const

/** A request for approval, and what became of it. */
export interface Approval {
  readonly id: string
  readonly operation: string
  readonly digest: string
  /** The parsed input, as canonical JSON of `{input, operation}`. */
  readonly text: string
  readonly reason: string
  /** Who must approve it, and why. */
  readonly needed: Needed
  readonly requester: string
  readonly requesterName: string | null
  readonly state: ApprovalState
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly decidedAt: Date | null
  readonly usedAt: Date | null
}

/** A vote with its words. */
export interface CastVote extends Vote {
  readonly personName: string | null
  readonly reason: string
  readonly at: Date
}

const State = z.enum(APPROVAL_STATES)
const NeedName = z.enum(NEEDS)
const Verdict = z.enum(['approve', 'refuse'])
const Reasons = z.array(z.string())
const Roles = z.array(z.object({ role: z.enum(ROLES), team: z.string().nullable() }))

/** Keeps a new request. */
export const insertApproval = async (
  tx: Transaction<LifecycleTables>,
  approval: Omit<Approval, 'state' | 'decidedAt' | 'usedAt'>,
): Promise<void> => {
  await tx
    .insertInto('lifecycle_approval')
    .values({
      id: approval.id,
      operation: approval.operation,
      digest: approval.digest,
      input: approval.text,
      reason: approval.reason,
      need: approval.needed.need,
      team: approval.needed.teams[0] ?? null,
      why: JSON.stringify(approval.needed.why),
      requester: approval.requester,
      requester_name: approval.requesterName,
      state: 'requested',
      created_at: approval.createdAt.getTime(),
      expires_at: approval.expiresAt.getTime(),
      decided_at: null,
      used_at: null,
    })
    .execute()
  const teams = approval.needed.teams.length === 0 ? [null] : approval.needed.teams
  await tx
    .insertInto('lifecycle_approval_team')
    .values(
      teams.map((team) => ({ team: team ?? NO_TEAM, approval: approval.id, created_at: approval.createdAt.getTime() })),
    )
    .execute()
}

const NO_TEAM = ''

/** The request with this id. */
export const findApproval = async (db: Handle<LifecycleTables>, id: string): Promise<Approval | undefined> => {
  const row = await db.selectFrom('lifecycle_approval').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return undefined
  return toApproval(row, (await teamsOf(db, [id])).get(id) ?? [])
}

/** The teams of each of these requests, in order. Index lifecycle_approval_team_approval. */
const teamsOf = async (
  db: Handle<LifecycleTables>,
  approvals: readonly string[],
): Promise<ReadonlyMap<string, readonly (string | null)[]>> => {
  if (approvals.length === 0) return new Map()
  const rows = await db
    .selectFrom('lifecycle_approval_team')
    .selectAll()
    .where('approval', 'in', approvals)
    .orderBy('team')
    .execute()
  const grouped = Map.groupBy(rows, ({ approval }) => approval)
  return new Map(Array.from(grouped, ([id, all]) => [id, all.map(({ team }) => (team === NO_TEAM ? null : team))]))
}

/** What a list of requests is narrowed to; `after` is the last one of the page before. */
export interface ApprovalFilter {
  readonly state: ApprovalState | undefined
  readonly operation: string | undefined
  readonly requester: string | undefined
  readonly team: string | undefined
  readonly after: { readonly createdAtMs: number; readonly id: string } | undefined
  readonly limit: number
}

/** Requests, newest first. */
export const listApprovals = (
  db: Handle<LifecycleTables>,
  scope: Scope,
  filter: ApprovalFilter,
): Promise<readonly Approval[]> =>
  readParts(scope, { limit: filter.limit, isBefore: isNewer }, (team) => partOf(db, team, filter))

const isNewer = newestFirst<Approval>(
  ({ createdAt }) => createdAt.getTime(),
  ({ id }) => id,
)

const partOf = async (
  db: Handle<LifecycleTables>,
  part: string | undefined,
  filter: ApprovalFilter,
): Promise<readonly Approval[]> => {
  const conditions = conditionsOf(filter)
  const query = db.selectFrom('lifecycle_approval').selectAll('lifecycle_approval')
  const rows =
    part === undefined
      ? await query
          .where((eb) => eb.and([...conditions]))
          .orderBy('created_at', 'desc')
          .orderBy('id')
          .limit(filter.limit)
          .execute()
      : await query
          // In the order of lifecycle_approval_team_list, which begins with the team.
          .innerJoin('lifecycle_approval_team as whose', 'whose.approval', 'lifecycle_approval.id')
          .where('whose.team', '=', part)
          .where((eb) => eb.and([...conditions]))
          .orderBy('whose.created_at', 'desc')
          .orderBy('whose.approval')
          .limit(filter.limit)
          .execute()
  const teams = await teamsOf(
    db,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => toApproval(row, teams.get(row.id) ?? []))
}

const conditionsOf = (filter: ApprovalFilter): readonly Expression<SqlBool>[] => {
  const conditions: Expression<SqlBool>[] = []
  for (const column of ['state', 'operation', 'requester'] as const)
    if (filter[column] !== undefined)
      conditions.push(sql<SqlBool>`lifecycle_approval.${sql.ref(column)} = ${filter[column]}`)
  const { team, after } = filter
  if (team !== undefined)
    conditions.push(
      sql<SqlBool>`lifecycle_approval.id in (select approval from lifecycle_approval_team where team = ${team})`,
    )
  if (after !== undefined)
    conditions.push(
      sql<SqlBool>`(lifecycle_approval.created_at < ${after.createdAtMs} or (lifecycle_approval.created_at = ${after.createdAtMs} and lifecycle_approval.id > ${after.id}))`,
    )
  return conditions
}

/** The votes on a request, in the order in which they were cast. */
export const votesOn = async (db: Handle<LifecycleTables>, approval: string): Promise<readonly CastVote[]> => {
  const rows = await db
    .selectFrom('lifecycle_vote')
    .selectAll()
    .where('approval', '=', approval)
    .orderBy('at')
    .orderBy('person')
    .execute()
  return rows.map((row) => ({
    person: row.person,
    personName: row.person_name,
    verdict: Verdict.parse(row.verdict),
    roles: Roles.parse(JSON.parse(row.roles)),
    reason: row.reason,
    at: new Date(row.at),
  }))
}

/** Casts a vote; false when this person has had a say. */
export const insertVote = async (
  tx: Transaction<LifecycleTables>,
  approval: string,
  vote: CastVote,
): Promise<boolean> => {
  const row = await tx
    .insertInto('lifecycle_vote')
    .values({
      approval,
      person: vote.person,
      person_name: vote.personName,
      verdict: vote.verdict,
      roles: JSON.stringify(vote.roles),
      reason: vote.reason,
      at: vote.at.getTime(),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('person')
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Locks the request and says whether it is still to be decided or may still be refused: of two who vote at once the
 * second one sees the first one's vote.
 */
export const lockUndecided = async (tx: Transaction<LifecycleTables>, id: string, now: Date): Promise<boolean> => {
  const row = await tx
    .updateTable('lifecycle_approval')
    .set({ decided_at: null })
    .where('id', '=', id)
    .where('state', '=', 'requested')
    .where('expires_at', '>', now.getTime())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Decides a request that was locked. */
export const decideApproval = async (
  tx: Transaction<LifecycleTables>,
  id: string,
  state: 'approved' | 'refused',
  now: Date,
): Promise<void> => {
  await tx
    .updateTable('lifecycle_approval')
    .set({ state, decided_at: now.getTime() })
    .where('id', '=', id)
    .where('state', '=', 'requested')
    .execute()
}

/** Uses an approval, once (design rule 10); false when it is not approved, is over, or is of something else. */
export const spendRow = async (
  tx: Transaction<LifecycleTables>,
  spend: { id: string; digest: string; requester: string; now: Date },
): Promise<boolean> => {
  const row = await tx
    .updateTable('lifecycle_approval')
    .set({ state: 'used', used_at: spend.now.getTime() })
    .where('id', '=', spend.id)
    .where('state', '=', 'approved')
    .where('digest', '=', spend.digest)
    .where('requester', '=', spend.requester)
    .where('expires_at', '>', spend.now.getTime())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Forgets requests that were over before this moment and were never used, with their votes. What was used is what
 * somebody was allowed by, and stays. Served by lifecycle_approval_state: none expires before it was made.
 */
export const sweepApprovals = async (tx: Transaction<LifecycleTables>, before: Date): Promise<void> => {
  const over = tx
    .selectFrom('lifecycle_approval')
    .select('id')
    .where(
      'state',
      'in',
      APPROVAL_STATES.filter((state) => state !== 'used'),
    )
    .where('created_at', '<', before.getTime())
    .where('expires_at', '<', before.getTime())
  await tx.deleteFrom('lifecycle_vote').where('approval', 'in', over).execute()
  await tx.deleteFrom('lifecycle_approval_team').where('approval', 'in', over).execute()
  await tx.deleteFrom('lifecycle_approval').where('id', 'in', over).execute()
}

const toApproval = (row: Selectable<LifecycleTables['lifecycle_approval']>, teams: Needed['teams']): Approval => ({
  id: row.id,
  operation: row.operation,
  digest: row.digest,
  text: row.input,
  reason: row.reason,
  needed: { need: NeedName.parse(row.need), teams, why: Reasons.parse(JSON.parse(row.why)) },
  requester: row.requester,
  requesterName: row.requester_name,
  state: State.parse(row.state),
  createdAt: new Date(row.created_at),
  expiresAt: new Date(row.expires_at),
  decidedAt: row.decided_at === null ? null : new Date(row.decided_at),
  usedAt: row.used_at === null ? null : new Date(row.used_at),
})
