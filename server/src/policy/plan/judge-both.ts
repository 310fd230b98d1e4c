import { type Entity, type Request, uidText } from '@reeve/cedar'
import { actionsOf, judgeRecorded, requestAt } from '../decide/judge-recorded.ts'
import type { Judgement } from '../decide/judgement.ts'
import type { RecordedRequest } from '../decide/recorded-request.ts'
import { holdsUntil } from '../decide/time-bound.ts'
import { enforcementAt } from '../memory/report-only.ts'
import type { Side } from './grounds.ts'
import type { PlanWork } from './plan-work.ts'

/** How one recorded request is judged now, and would be. */
export interface Judged {
  readonly live: Omit<Judgement, 'kept'>
  readonly planned: Omit<Judgement, 'kept'>
}

/**
 * Judges a recorded request at each of its moments, by what is in force and by the plan; undefined where the plan
 * cannot touch it. Between moments nothing is decided again as long as the answer holds while only time passes.
 */
export const judgeBoth = (
  { sides, changed, plan }: PlanWork,
  recorded: RecordedRequest,
  moments: readonly Date[],
): readonly Judged[] | undefined => {
  const resources = new Set([...plan.delta.resources.map(({ id }) => id), ...plan.delta.gone.resources])
  const actions = [...new Set([...actionsOf(sides.live, recorded), ...actionsOf(sides.planned, recorded)])]
  const [first = new Date(0)] = moments
  const asks = (action: string): Request => withGroups(sides.planned, requestAt(recorded, action, first))
  if (!resources.has(recorded.resource.id) && !actions.some((action) => changed.touches(asks(action)))) return undefined
  for (const side of [sides.live, sides.planned]) side.include([recorded.principal.id])
  const judged: Judged[] = []
  let last: Judged | undefined
  let untilMs = Number.NEGATIVE_INFINITY
  for (const at of moments) {
    if (last === undefined || at.getTime() >= untilMs) {
      last = { live: judgeRecorded(sides.live, recorded, at), planned: judgeRecorded(sides.planned, recorded, at) }
      untilMs = Math.min(until(sides.live, recorded, at), until(sides.planned, recorded, at))
    }
    judged.push(last)
  }
  return judged
}

/** The changed policies that speak of a recorded request. */
export const speakOf = ({ sides, changed }: PlanWork, recorded: RecordedRequest): readonly string[] => {
  const actions = [...new Set([...actionsOf(sides.live, recorded), ...actionsOf(sides.planned, recorded)])]
  const spoken = actions.flatMap((action) =>
    changed.index.candidates(withGroups(sides.planned, requestAt(recorded, action, new Date(0)))),
  )
  return [...new Set(spoken.map(({ source }) => source.id))]
}

const until = (side: Side, recorded: RecordedRequest, at: Date): number => {
  const engines = enforcementAt(side, at)
  const grantById = new Map(side.grants(recorded.principal.id).map((grant) => [grant.id, grant]))
  const bounds = actionsOf(side, recorded).map((action) =>
    holdsUntil(engines.trial, requestAt(recorded, action, at), { grantById }, at),
  )
  return Math.min(engines.untilMs, ...bounds)
}

const groups = new WeakMap<object, Map<string, readonly Entity[]>>()

// The groups of an action are in the schema; looking them up is dear, and there are few actions.
const withGroups = (side: Side, plain: Request): Request => {
  const base = side.base()
  const known = groups.get(base) ?? new Map<string, readonly Entity[]>()
  groups.set(base, known)
  const name = uidText(plain.action)
  const added = known.get(name) ?? base.trial.inScope({ ...plain, entities: [] }).request.entities
  known.set(name, added)
  return { ...plain, entities: [...plain.entities, ...added] }
}
