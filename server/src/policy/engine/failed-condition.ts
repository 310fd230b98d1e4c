import type { Clause, Expr, Policy } from '@cedar-policy/cedar-wasm/nodejs'
import type { Request } from '@reeve/cedar'
import { attributePaths, missingParts } from './attribute-path.ts'
import { callOfficial } from './official.ts'
import type { ReadPolicy } from './read-policy.ts'

/** The first condition of a policy that kept it from applying. */
export interface FailedCondition {
  kind: 'when' | 'unless'
  /** The part of the condition, as Cedar text. */
  text: string
  /** Why it could not be judged; not there when it was judged and came out the wrong way. */
  error?: string
  missing: string[]
}

/** Judges each part of each condition of a policy by itself and names the first that does not hold, if any. */
export const failedCondition = (policy: ReadPolicy, request: Request): FailedCondition | undefined => {
  const called = callOfficial((cedar) => cedar.policyToJson(policy.source.text))
  const conditions = called.ok && called.result.type === 'success' ? called.result.json.conditions : undefined
  const parts = conditions?.flatMap(partsOf) ?? []
  const steps = parts.map((part) => part.soFar)
  const judged = conditions && isExact(conditions) ? judge(steps, request) : undefined
  if (!judged)
    return { kind: 'when', text: '', error: 'cannot be judged in parts', missing: missingParts(policy.paths, request) }
  const at = parts.findIndex((_, index) => !judged.held.has(String(index)))
  const part = parts[at]
  if (!part) return undefined
  const { kind } = part.own
  const error = judged.errors.get(String(at))
  const missing = missingParts(attributePaths(permitWhen(part.own)), request)
  return { kind, text: clauseText(part.own), ...(error === undefined ? {} : { error }), missing }
}

// Whole numbers beyond 2^53 were rounded on their way out of the engine; a part rebuilt from them says something else.
const isExact = (value: unknown): boolean => {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return typeof value !== 'object' || value === null || Object.values(value).every(isExact)
}

interface Part {
  own: Clause
  /** The part with all that stands before it in its condition, which may be what makes it safe to judge. */
  soFar: Clause
}

const partsOf = (clause: Clause): Part[] => {
  if (clause.kind === 'unless') return [{ own: clause, soFar: clause }]
  let soFar: Expr | undefined
  return conjuncts(clause.body).map((own) => {
    soFar = soFar ? { '&&': { left: soFar, right: own } } : own
    return { own: { kind: 'when', body: own }, soFar: { kind: 'when', body: soFar } }
  })
}

const conjuncts = (body: Expr): Expr[] => {
  const and = '&&' in body ? body['&&'] : undefined
  return and && !Array.isArray(and) ? [...conjuncts(and.left), ...conjuncts(and.right)] : [body]
}

const permitWhen = (clause: Clause): Exclude<Policy, string> => ({
  effect: 'permit',
  principal: { op: 'All' },
  action: { op: 'All' },
  resource: { op: 'All' },
  conditions: [clause],
})

interface Judged {
  held: Set<string>
  errors: Map<string, string>
}

const judge = (clauses: Clause[], request: Request): Judged | undefined => {
  const staticPolicies = Object.fromEntries(clauses.map((clause, index) => [String(index), permitWhen(clause)]))
  const { principal, action, resource, context, entities } = request
  const called = callOfficial((cedar) =>
    cedar.isAuthorized({ principal, action, resource, context, entities, policies: { staticPolicies } }),
  )
  if (!called.ok || called.result.type === 'failure') return undefined
  const { reason, errors } = called.result.response.diagnostics
  return { held: new Set(reason), errors: new Map(errors.map(({ policyId, error }) => [policyId, error.message])) }
}

const clauseText = (clause: Clause): string => {
  const called = callOfficial((cedar) => cedar.policyToText(permitWhen(clause)))
  if (!called.ok || called.result.type === 'failure') return ''
  return called.result.text.match(BODY)?.[1]?.trim() ?? ''
}

const BODY = /^permit\(principal, action, resource\) (?:when|unless) \{([\s\S]*)\};$/
