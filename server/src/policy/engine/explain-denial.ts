import type { Request } from '@reeve/cedar'
import type { Engine } from './engine.ts'
import { type FailedCondition, failedCondition } from './failed-condition.ts'
import { grantPolicy } from './grant-policy.ts'
import type { SourcePolicy } from './source-policy.ts'

/** Why a request is denied, and what would allow it. */
export interface Explanation {
  /** The forbids that decided; a critical one that could not be judged says what went wrong. */
  forbiddenBy: { policy: string; kind: SourcePolicy['kind']; error?: string }[]
  /** The permits whose head matched the request, each with the first condition that did not hold. */
  notGivenBy: { policy: string; kind: SourcePolicy['kind']; failed: FailedCondition }[]
  /** How many more permits matched than are explained one by one. */
  omitted: number
  missing: string[]
  remedy: Remedy
}

/** The smallest grant that would allow the request, or why no grant can. */
export type Remedy =
  | { grant: { identity: string; resource: string; actions: string[] }; yaml: string }
  | { grant: undefined; reason: string }

/** How the identity and the resource are called in files; their entity ids, where a name is not given. */
export interface ExplanationNames {
  identity?: string
  resource?: string
  /** Written into the proposed grant. */
  expiresAt: Date
}

/** Explains a denial: every policy in scope with the condition that failed, and the smallest grant that would help. */
export const explainDenial = (engine: Engine, request: Request, names: ExplanationNames): Explanation => {
  const answer = engine.decide(request)
  const internal = answer.errors.find((error) => error.policy === '')
  const nothing = { forbiddenBy: [], notGivenBy: [], omitted: 0, missing: answer.missing }
  if (internal) return { ...nothing, remedy: none(`the request could not be judged: ${internal.message}`) }
  if (answer.outcome === 'allow') return { ...nothing, remedy: none('the request is allowed') }
  const messages = new Map(answer.errors.map((error) => [error.policy, error.message]))
  const forbiddenBy = answer.policies.map((policy) => {
    const error = messages.get(policy)
    return { policy, kind: engine.get(policy)?.kind ?? 'policy', ...(error === undefined ? {} : { error }) }
  })
  const scope = engine.inScope(request)
  const permits = scope.policies.filter((policy) => policy.effect === 'permit')
  const notGivenBy = permits.slice(0, EXPLAINED_MAX).flatMap((policy) => {
    const failed = failedCondition(policy, scope.request)
    return failed ? [{ policy: policy.id, kind: policy.source.kind, failed }] : []
  })
  const omitted = Math.max(0, permits.length - EXPLAINED_MAX)
  const forbidding = forbiddenBy.map((one) => one.policy)
  const remedy = forbidding.length > 0 ? none(forbidden(forbidding)) : smallestGrant(engine, request, names)
  return { forbiddenBy, notGivenBy, omitted, missing: answer.missing, remedy }
}

const EXPLAINED_MAX = 50
const PROPOSED_ID = 'reeve:proposed-grant'

const none = (reason: string): Remedy => ({ grant: undefined, reason })
const forbidden = (policies: string[]): string => `no grant can: forbidden by ${policies.join(', ')}`

const smallestGrant = (engine: Engine, request: Request, names: ExplanationNames): Remedy => {
  const { principal, action, resource } = request
  if (principal.type !== 'Reeve::Identity')
    return none('no grant can: only an identity holds grants; a role or policy may')
  if (resource.type !== 'Reeve::Resource') return none('no grant can: a grant is about a resource; a policy may')
  const grant = { identity: principal.id, resource: resource.id, actions: [action.id] }
  const { expiresAt } = names
  const made = grantPolicy({ id: PROPOSED_ID, ...grant, expiresAt })
  if (!made.ok) return none(`no grant can: ${made.problems[0]?.message}`)
  const granted = engine.with({ add: [made.policy] })
  if (!granted.ok) return none(`no grant can: ${granted.problems[0]?.message}`)
  // Proposed only because it was tried: it flips this very decision.
  const answer = granted.engine.decide(request)
  if (answer.outcome === 'deny') return none(answer.policies.length > 0 ? forbidden(answer.policies) : NOT_EVEN)
  return { grant, yaml: yamlOf({ ...grant, identity: names.identity ?? grant.identity }, names) }
}

const NOT_EVEN = 'no grant can: not even one without conditions is enough'

const yamlOf = (grant: { identity: string; actions: string[]; resource: string }, names: ExplanationNames): string =>
  [
    `- identity: ${JSON.stringify(grant.identity)}`,
    `  resource: ${JSON.stringify(names.resource ?? grant.resource)}`,
    `  actions: [${grant.actions.map((action) => JSON.stringify(action)).join(', ')}]`,
    `  expiresAt: ${JSON.stringify(names.expiresAt.toISOString())}`,
    '',
  ].join('\n')
