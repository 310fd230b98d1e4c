import type { Handle } from '../kit/database.ts'
import type { DirectoryInput, PlannedObject } from './directory.ts'
import type { Grant } from './domain/grant.ts'
import type { Delta } from './domain/plan.ts'
import type { LiveException, PolicyIdentity } from './room.ts'
import type { PolicyTables } from './schema.ts'

type Db = Handle<PolicyTables>

/** A directory as it would be applied, and everything that was true when this was found out. */
export interface Plan {
  readonly id: string
  readonly at: Date
  readonly expiresAt: Date
  readonly by: string | null
  readonly input: DirectoryInput
  readonly objects: readonly PlannedObject[]
  readonly needsApproval: readonly string[]
  /** Why it needs one, for servers of before, which found it here and not when it is applied. */
  readonly reason: string | null
  readonly revision: { readonly before: string; readonly after: string }
  /** The digest of the set that was judged; plans of before it was kept have none, and are judged when they are applied. */
  readonly judgedOn?: string | undefined
  readonly delta: Delta<PolicyIdentity>
  /** Digests of everything that it stands on, by name. */
  readonly state: Readonly<Record<string, string>>
  /** All identities as they were, as short marks. */
  readonly register: string
  /** The exceptions that were in force. */
  readonly exceptions: readonly LiveException[]
}

/** Keeps a plan until it expires. */
export const insertPlan = async (db: Db, { id, at, expiresAt, by, ...rest }: Plan): Promise<void> => {
  const body = JSON.stringify(rest)
  await db
    .insertInto('policy_plan')
    .values({ id, at: at.getTime(), expires_at: expiresAt.getTime(), by, body })
    .execute()
}

/** By id, as long as it has not expired. */
export const findPlan = async (db: Db, id: string, now: Date): Promise<Plan | undefined> => {
  const query = db.selectFrom('policy_plan').selectAll().where('id', '=', id)
  const row = await query.where('expires_at', '>', now.getTime()).executeTakeFirst()
  if (row === undefined) return undefined
  // The body is written by `insertPlan` alone, and JSON leaves of it what it was, but for the moments of grants.
  const body = JSON.parse(row.body) as Omit<Plan, 'id' | 'at' | 'expiresAt' | 'by'>
  // Plans of before there were tests or fragments have none.
  const { tests = [], fragments = [] } = body.input
  // And those of before the register was marked are refused where anybody whom they may speak of is there.
  const register = body.register ?? ''
  const exceptions = body.exceptions ?? []
  const grants = body.delta.grants.map((grant): Grant => {
    const { expiresAt, createdAt } = grant
    return { ...grant, expiresAt: new Date(expiresAt), createdAt: new Date(createdAt) }
  })
  // And those of before a first import was report-only make nothing so.
  const modes = (body.delta.modes ?? []).map((mode) => ({
    ...mode,
    since: new Date(mode.since),
    expiresAt: new Date(mode.expiresAt),
  }))
  return {
    ...body,
    input: { ...body.input, tests, fragments },
    register,
    exceptions: exceptions.map((one) => ({ ...one, expiresAt: new Date(one.expiresAt) })),
    id: row.id,
    at: new Date(row.at),
    expiresAt: new Date(row.expires_at),
    by: row.by,
    delta: { ...body.delta, grants, modes },
  }
}

/** Forgets plans that have expired. */
export const sweepPlans = async (db: Db, now: Date): Promise<void> => {
  await db.deleteFrom('policy_plan').where('expires_at', '<=', now.getTime()).execute()
}
