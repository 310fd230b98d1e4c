import type { AnyDb } from '../../kit/database.ts'
import type { PolicyIdentity, PolicyPorts } from '../room.ts'
import type { Plan } from '../store-plan.ts'

/** Those above an identity, as they are and as they would be; undefined where one of them is not there or is retired. */
export interface PlannedLine {
  readonly before: readonly PolicyIdentity[] | undefined
  readonly after: readonly PolicyIdentity[] | undefined
  /** Everybody in it, on either side. */
  readonly ids: readonly string[]
}

const GENERATIONS_MAX = 10

/** Reads the lines above identities, each of those in them once. */
export const createLines = (
  ports: Pick<PolicyPorts, 'identities'>,
  db: AnyDb,
  plan: Plan,
): ((before: PolicyIdentity | undefined, then: PolicyIdentity | undefined) => Promise<PlannedLine>) => {
  const read = new Map<string, PolicyIdentity | undefined>()
  const after = new Map(plan.delta.identities.map((identity) => [identity.id, identity]))
  const gone = new Set(plan.delta.gone.identities)
  const now = async (id: string): Promise<PolicyIdentity | undefined> => {
    if (!read.has(id)) read.set(id, await ports.identities.find(db, id))
    return read.get(id)
  }
  const planned = async (id: string) => (gone.has(id) ? undefined : (after.get(id) ?? (await now(id))))
  const above = async (
    of: PolicyIdentity | undefined,
    find: (id: string) => Promise<PolicyIdentity | undefined>,
    ids: Set<string>,
  ): Promise<readonly PolicyIdentity[] | undefined> => {
    const found: PolicyIdentity[] = []
    for (let parent = of?.parent ?? null; parent !== null; ) {
      ids.add(parent)
      const identity = await find(parent)
      if (identity === undefined || identity.state === 'retired' || found.length >= GENERATIONS_MAX) return undefined
      found.push(identity)
      parent = identity.parent
    }
    return found
  }
  return async (before, then) => {
    if ((before?.parent ?? null) === null && (then?.parent ?? null) === null) return ALONE
    const ids = new Set<string>()
    return { before: await above(before, now, ids), after: await above(then, planned, ids), ids: [...ids] }
  }
}

const ALONE: PlannedLine = { before: [], after: [], ids: [] }
