import { type EntityStore, type PolicySet, type Request, uidText } from '@reeve/cedar'
import type { ActionHierarchy } from './action-hierarchy.ts'
import { type Answer, refusal } from './answer.ts'
import { missingParts } from './attribute-path.ts'
import { judgeOfficially } from './judge-officially.ts'
import type { Judgement } from './judgement.ts'
import type { ReadPolicy } from './read-policy.ts'
import { requestProblem } from './request-problem.ts'

/** Who decides: our compiled evaluator, or the official engine behind the same index. */
export type Evaluator = 'compiled' | 'official'

/** One decision of the compiled evaluator, as somebody who decides it again needs it. */
export interface Decided {
  readonly judgement: Judgement
  /** The request with the groups of its action, and the policies whose head matches it. */
  again(): { request: Request; policies: readonly ReadPolicy[] }
}

/** What a decision is made on: the policies, and the groups of the actions. */
export interface Ground {
  policies: PolicySet<ReadPolicy>
  actions: ActionHierarchy
  evaluator: Evaluator
  /** Is shown what the compiled evaluator decided. */
  watch?: ((decided: Decided) => void) | undefined
}

/** Decides one request; whatever goes wrong inside is a denial that says so (fail closed). */
export const decide = (ground: Ground, request: Request): Answer => {
  try {
    const problem = requestProblem(request)
    if (problem !== undefined) return refusal(problem)
    return ground.evaluator === 'official' ? officially(ground, request) : compiled(ground, request)
  } catch {
    return refusal('the policy engine failed inside')
  }
}

/** Adds the groups of the request's action, which the schema knows and the caller need not. */
export const withActionGroups = (request: Request, actions: ActionHierarchy): Request => {
  const groups = actions.get(uidText(request.action))
  if (!groups) return request
  const listed = new Set(request.entities.map((entity) => uidText(entity.uid)))
  const added = groups.entities.filter((entity) => !listed.has(uidText(entity.uid)))
  return { ...request, entities: [...request.entities, ...added] }
}

/** The policies whose head matches a request, in the order in which they were read; none if it cannot be judged. */
export const inScope = (ground: Pick<Ground, 'policies' | 'actions'>, request: Request): ReadPolicy[] => {
  const found = candidates(ground, request)
  return found.ok ? found.policies : []
}

const candidates = (
  { policies, actions }: Pick<Ground, 'policies' | 'actions'>,
  request: Request,
): { ok: true; policies: ReadPolicy[] } | { ok: false; problem: string } => {
  const found = policies.inScope(request, groupsOf(actions, request))
  if (!found.ok) return found
  const read = found.ids.flatMap((id) => policies.note(id) ?? [])
  return { ok: true, policies: read.sort((one, other) => one.serial - other.serial) }
}

const groupsOf = (actions: ActionHierarchy, request: Request): EntityStore | undefined =>
  actions.get(uidText(request.action))?.store

const compiled = (ground: Ground, request: Request): Answer => {
  const { policies, actions, watch } = ground
  const met: ReadPolicy[] = []
  const {
    decision,
    policies: decided,
    errors,
    considered,
  } = policies.decide(request, groupsOf(actions, request), (policy) => {
    if (policy) met.push(policy)
  })
  const judgement = { outcome: decision, policies: decided, errors }
  watch?.({
    judgement,
    again: () => ({ request: withActionGroups(request, actions), policies: inScope(ground, request) }),
  })
  return answered(judgement, met, request, considered)
}

const officially = (ground: Ground, plain: Request): Answer => {
  const found = candidates(ground, plain)
  if (!found.ok) return refusal(found.problem)
  const request = withActionGroups(plain, ground.actions)
  return answered(judgeOfficially(found.policies, request), found.policies, request, found.policies.length)
}

const answered = (
  { outcome, policies, errors }: Judgement,
  met: readonly ReadPolicy[],
  request: Request,
  considered: number,
): Answer => {
  const failed = new Set(errors.map((error) => error.policy))
  const isDefaultDeny = outcome === 'deny' && policies.length === 0 && !failed.has('')
  const asked = met.filter((policy) => failed.has(policy.id) || (isDefaultDeny && policy.effect === 'permit'))
  return {
    outcome,
    policies: policies.sort(),
    errors: errors.sort((one, other) => (one.policy < other.policy ? -1 : 1)),
    missing: missingParts(
      asked.flatMap((policy) => policy.paths),
      request,
    ),
    considered,
  }
}
