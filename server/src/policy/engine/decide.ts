import { type Entity, type PolicySet, type Request, uidText } from '@reeve/cedar'
import type { ActionHierarchy } from './action-hierarchy.ts'
import { type Answer, refusal } from './answer.ts'
import { missingParts } from './attribute-path.ts'
import { judgeOfficially } from './judge-officially.ts'
import type { Judgement } from './judgement.ts'
import type { ReadPolicy } from './read-policy.ts'
import { type Laid, layOver, type ReadyPart } from './ready-entities.ts'
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

/**
 * Decides one request; whatever goes wrong inside is a denial that says so (fail closed). Those of its entities that are
 * ready are not read again.
 */
export const decide = (ground: Ground, request: Request, parts: Parts = NO_PARTS): Answer => {
  try {
    const isPlain = parts.length === 0 || ground.evaluator === 'official'
    const laid = isPlain ? undefined : laidOver(ground, request, parts)
    const problem = requestProblem(request, laid?.own)
    if (problem !== undefined) return refusal(problem)
    if (ground.evaluator === 'official') return officially(ground, request)
    return compiled(ground, request, laid ?? laidOver(ground, request, NO_PARTS))
  } catch {
    return refusal('the policy engine failed inside')
  }
}

/** Adds the groups of the request's action, which the schema knows and the caller need not. */
export const withActionGroups = (request: Request, actions: ActionHierarchy): Request => {
  const groups = actions.get(request.action.type)?.get(request.action.id)
  if (!groups) return request
  const listed = new Set(request.entities.map((entity) => uidText(entity.uid)))
  const added = groups.entities.filter((entity) => !listed.has(uidText(entity.uid)))
  return { ...request, entities: [...request.entities, ...added] }
}

/** The policies whose head matches a request, in the order in which they were read; none if it cannot be judged. */
export const inScope = (
  ground: Pick<Ground, 'policies' | 'actions'>,
  request: Request,
  parts: Parts = NO_PARTS,
): ReadPolicy[] => {
  const found = candidates(ground, request, parts)
  return found.ok ? found.policies : []
}

const candidates = (
  ground: Pick<Ground, 'policies' | 'actions'>,
  request: Request,
  parts: Parts,
): { ok: true; policies: ReadPolicy[] } | { ok: false; problem: string } => {
  const { policies } = ground
  const { own, ready } = laidOver(ground, request, parts)
  const found = policies.inScope(withEntities(request, own), ready)
  if (!found.ok) return found
  const read = found.ids.flatMap((id) => policies.note(id) ?? [])
  return { ok: true, policies: read.sort((one, other) => one.serial - other.serial) }
}

type Parts = readonly (ReadyPart | undefined)[]
const NO_PARTS: Parts = []

const laidOver = ({ actions }: Pick<Ground, 'actions'>, request: Request, parts: Parts): Laid =>
  layOver(request, parts, actions.get(request.action?.type)?.get(request.action.id)?.store)

const compiled = (ground: Ground, request: Request, { own, ready }: Laid): Answer => {
  const { policies, actions, watch } = ground
  const met: ReadPolicy[] = []
  const {
    decision,
    policies: decided,
    errors,
    considered,
  } = policies.decide(withEntities(request, own), ready, (policy) => {
    if (policy) met.push(policy)
  })
  const judgement = { outcome: decision, policies: decided, errors }
  watch?.({
    judgement,
    again: () => ({ request: withActionGroups(request, actions), policies: inScope(ground, request) }),
  })
  return answered(judgement, met, request, considered)
}

const withEntities = ({ principal, action, resource, context }: Request, entities: Entity[]): Request => ({
  principal,
  action,
  resource,
  context,
  entities,
})

const officially = (ground: Ground, plain: Request): Answer => {
  const found = candidates(ground, plain, NO_PARTS)
  if (!found.ok) return refusal(found.problem)
  const request = withActionGroups(plain, ground.actions)
  return answered(judgeOfficially(found.policies, request), found.policies, request, found.policies.length)
}

// A handful, for which the runtime's own sort takes longer to begin than this to end.
const sorted = (ids: string[]): string[] => {
  if (ids.length > SORTED_HERE_MAX) return ids.sort()
  for (let at = 1; at < ids.length; at++) {
    const id = ids[at] ?? ''
    let to = at
    for (let before = ids[to - 1]; before !== undefined && before > id; before = ids[to - 1]) ids[to--] = before
    ids[to] = id
  }
  return ids
}
const SORTED_HERE_MAX = 16

const answered = (
  { outcome, policies, errors }: Judgement,
  met: readonly ReadPolicy[],
  request: Request,
  considered: number,
): Answer => {
  // Nothing was looked for in vain where something decided and nothing failed.
  if (errors.length === 0 && policies.length > 0)
    return { outcome, policies: sorted(policies), errors, missing: [], considered }
  const failed = new Set(errors.map((error) => error.policy))
  const isDefaultDeny = outcome === 'deny' && policies.length === 0 && !failed.has('')
  const asked = met.filter((policy) => failed.has(policy.id) || (isDefaultDeny && policy.effect === 'permit'))
  return {
    outcome,
    policies: sorted(policies),
    errors: errors.sort((one, other) => (one.policy < other.policy ? -1 : 1)),
    missing: missingParts(
      asked.flatMap((policy) => policy.paths),
      request,
    ),
    considered,
  }
}
