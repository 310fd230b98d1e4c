import { type Entity, type Request, uidText } from '@reeve/cedar'
import { actionsOf, judgeRecorded, requestAt } from '../decide/judge-recorded.ts'
import type { Judgement } from '../decide/judgement.ts'
import type { RecordedRequest } from '../decide/recorded-request.ts'
import { holdsUntil } from '../decide/time-bound.ts'
import { enforcementAt } from '../memory/report-only.ts'
import type { Side } from './grounds.ts'
import type { PlanWork } from './plan-work.ts'

/** What is judged on both sides: of a plan, or of anything else that would change grants. */
export interface BothSides extends Pick<PlanWork, 'sides' | 'changed' | 'things'> {
  readonly plan: {
    readonly delta: {
      readonly resources: readonly { readonly id: string }[]
      readonly gone: { readonly resources: readonly string[] }
    }
  }
}

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
  work: BothSides,
  recorded: RecordedRequest,
  moments: readonly Date[],
): readonly Judged[] | undefined => {
  const { sides } = work
  const asPlanned = work.things.asPlanned(recorded)
  if (!mayTurn(work, recorded, asPlanned)) return undefined
  const above = (recorded.ancestors ?? []).map(({ principal }) => principal.id)
  for (const side of [sides.live, sides.planned]) side.include([recorded.principal.id, ...above])
  const judged: Judged[] = []
  let last: Judged | undefined
  let untilMs = Number.NEGATIVE_INFINITY
  for (const at of moments) {
    if (last === undefined || at.getTime() >= untilMs) {
      last = { live: judgeRecorded(sides.live, recorded, at), planned: judgeRecorded(sides.planned, asPlanned, at) }
      untilMs = Math.min(until(sides.live, recorded, at), until(sides.planned, asPlanned, at))
    }
    judged.push(last)
  }
  return judged
}

/** The changed policies that speak of a recorded request, or of the same of somebody above who asked. */
export const speakOf = (work: BothSides, recorded: RecordedRequest): readonly string[] => {
  const spoken = askedOf(work, recorded).flatMap((request) => work.changed.index.candidates(request))
  return [...new Set(spoken.map(({ source }) => source.id))]
}

// Whether a plan could turn it: it changes what was asked about, who is involved, or a policy that speaks of it.
const mayTurn = (work: BothSides, recorded: RecordedRequest, asPlanned: RecordedRequest): boolean => {
  const { sides, changed, plan } = work
  if (asPlanned !== recorded || plan.delta.resources.some(({ id }) => id === recorded.resource.id)) return true
  if (plan.delta.gone.resources.includes(recorded.resource.id)) return true
  if (
    recorded.of === 'evaluation' &&
    applicationText(sides.live, recorded) !== applicationText(sides.planned, recorded)
  )
    return true
  return askedOf(work, recorded).some((request) => changed.touches(request))
}

const askedOf = ({ sides }: BothSides, recorded: RecordedRequest): readonly Request[] => {
  const actions = [...new Set([...actionsOf(sides.live, recorded), ...actionsOf(sides.planned, recorded)])]
  const whoever = [recorded, ...(recorded.ancestors ?? [])]
  return actions.flatMap((action) => {
    const asked = requestAt(recorded, action, new Date(0))
    return whoever.map(({ principal, entities }) =>
      withGroups(sides.planned, { ...asked, principal, entities: [...entities] }),
    )
  })
}

const texts = new WeakMap<object, string>()

const applicationText = (side: Side, { resource }: RecordedRequest): string => {
  const [namespace] = resource.type.split('::')
  const application = side.base().stored.applications.find(({ name }) => name === namespace)
  if (application === undefined) return ''
  const text = texts.get(application) ?? JSON.stringify(application)
  texts.set(application, text)
  return text
}

const until = (side: Side, recorded: RecordedRequest, at: Date): number => {
  const engines = enforcementAt(side, at)
  const whoever = [recorded, ...(recorded.ancestors ?? [])]
  const bounds = whoever.flatMap(({ principal, entities }) => {
    const grantById = new Map(side.grants(principal.id).map((grant) => [grant.id, grant]))
    return actionsOf(side, recorded).map((action) => {
      const request = { ...requestAt(recorded, action, at), principal, entities: [...entities] }
      return holdsUntil(engines.trial, request, { warmed: { grantById }, now: at })
    })
  })
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
