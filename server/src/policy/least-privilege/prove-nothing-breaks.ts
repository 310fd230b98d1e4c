import type { AnyDb } from '../../kit/database.ts'
import type { Bundle } from '../domain/bundle.ts'
import type { Grant } from '../domain/grant.ts'
import { policyFault } from '../faults.ts'
import { changedPolicies } from '../plan/changed-policies.ts'
import { sideOf } from '../plan/grounds.ts'
import { judgeBoth } from '../plan/judge-both.ts'
import { readDecisions, turn } from '../read-decisions.ts'
import type { PolicyPorts } from '../room.ts'
import { isOf, type Looked, wasLetIn } from './gather-uses.ts'

/** What replaying came to: how many requests that were let in were decided again, and which would be refused. */
export interface Proof {
  readonly decided: number
  readonly broken: readonly { readonly decision: string; readonly at: string; readonly actions: readonly string[] }[]
}

/** Grants and bundles as they are, and as they would be. */
export interface Tightening {
  readonly grants: readonly Grant[]
  readonly tightened: readonly Grant[]
  readonly bundles: readonly Bundle[]
}

const PAGE = 5_000

/** Replays what these identities were let in for, by what is in force and by what would be. */
export const proveNothingBreaks = async (
  ports: PolicyPorts,
  db: AnyDb,
  { identities, from }: Looked,
  { grants, tightened, bundles }: Tightening,
): Promise<Proof> => {
  const base = ports.memory.base()
  const built = ports.memory.preview({ ...base.stored, bundles })
  if (!built.ok) throw policyFault('policy_invalid', { about: built.problems[0]?.message ?? 'the set is not valid' })
  const sides = { live: sideOf(base, grants), planned: sideOf(built.base, tightened) }
  const work = {
    sides,
    changed: changedPolicies(sides, identities),
    plan: { delta: NO_RESOURCES },
    things: { asPlanned: <One>(recorded: One): One => recorded },
  }
  const broken: { decision: string; at: string; actions: readonly string[] }[] = []
  let decided = 0
  for (let after: number | undefined = -1; after !== undefined; ) {
    const read = await readDecisions(ports, db, { from, after, limit: PAGE })
    for (const [at, { request, events }] of read.decided.entries()) {
      await turn(at)
      const used = isOf(request, identities) ? [...events.filter(wasLetIn)].sort(inTime) : []
      const moments = used.map((event) => new Date(event.at))
      const judged = used.length === 0 ? [] : (judgeBoth(work, request, moments) ?? [])
      decided += used.length
      for (const [index, { live, planned }] of judged.entries()) {
        const event = used[index]
        const lost = live.actions.filter((action) => !planned.actions.includes(action))
        if (event !== undefined && lost.length > 0)
          broken.push({ decision: event.decision.id, at: event.at, actions: lost })
      }
    }
    after = read.last
  }
  return { decided, broken }
}

const NO_RESOURCES = { resources: [], gone: { resources: [] } } as const

const inTime = (one: { readonly at: string }, other: { readonly at: string }): number => (one.at < other.at ? -1 : 1)
