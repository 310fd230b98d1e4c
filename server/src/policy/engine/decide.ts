import { type Request, type ScopeIndex, uidText } from '@reeve/cedar'
import type { ActionHierarchy } from './action-hierarchy.ts'
import { type Answer, refusal } from './answer.ts'
import { missingParts } from './attribute-path.ts'
import { decideOfficially } from './official.ts'
import type { ReadPolicy } from './read-policy.ts'
import { requestProblem } from './request-problem.ts'

/** What a decision is made on: the policies by scope, and the groups of the actions. */
export interface Ground {
  index: ScopeIndex<ReadPolicy>
  actions: ActionHierarchy
}

/** Decides one request; whatever goes wrong inside is a denial that says so (fail closed). */
export const decide = (ground: Ground, request: Request): Answer => {
  try {
    const problem = requestProblem(request)
    return problem === undefined ? decideOn(ground.index, withActionGroups(request, ground.actions)) : refusal(problem)
  } catch {
    return refusal('the policy engine failed inside')
  }
}

/** Adds the groups of the request's action, which the schema knows and the caller need not. */
export const withActionGroups = (request: Request, actions: ActionHierarchy): Request => {
  const groups = actions.get(uidText(request.action))
  if (!groups) return request
  const listed = new Set(request.entities.map((entity) => uidText(entity.uid)))
  const added = groups.filter((entity) => !listed.has(uidText(entity.uid)))
  return { ...request, entities: [...request.entities, ...added] }
}

const decideOn = (index: ScopeIndex<ReadPolicy>, request: Request): Answer => {
  const candidates = index.candidates(request).sort((one, other) => one.serial - other.serial)
  const considered = candidates.length
  if (considered === 0) return { outcome: 'deny', policies: [], errors: [], missing: [], considered }
  const { principal, action, resource, context, entities } = request
  const called = decideOfficially(sliceOf(candidates), { principal, action, resource, context, entities })
  if (!called.ok) return refusal('the policy engine failed inside', considered)
  const { result } = called
  if (result.type === 'failure') return refusal(result.errors[0]?.message ?? 'the request cannot be read', considered)
  const { decision, diagnostics } = result.response
  const errors = diagnostics.errors.map(({ policyId, error }) => ({ policy: policyId, message: error.message }))
  const failed = new Set(errors.map((error) => error.policy))
  // A forbid that fails says nothing; a critical one that says nothing must not be taken for consent.
  const critical = candidates.filter((policy) => policy.isCritical && failed.has(policy.id)).map((policy) => policy.id)
  const outcome = critical.length > 0 ? 'deny' : decision
  const decided = outcome === decision ? diagnostics.reason : []
  const isDefaultDeny = outcome === 'deny' && decided.length + critical.length === 0
  const asked = candidates.filter((policy) => failed.has(policy.id) || (isDefaultDeny && policy.effect === 'permit'))
  return {
    outcome,
    policies: [...new Set([...decided, ...critical])].sort(),
    errors: errors.sort((one, other) => (one.policy < other.policy ? -1 : 1)),
    missing: missingParts(
      asked.flatMap((policy) => policy.paths),
      request,
    ),
    considered,
  }
}

const sliceOf = (candidates: readonly ReadPolicy[]) => ({
  key: candidates.map((policy) => policy.serial).join(','),
  size: candidates.length,
  policies: () => Object.fromEntries(candidates.map((policy) => [policy.id, policy.source.text])),
})
