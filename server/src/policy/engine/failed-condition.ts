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
  if (!called.ok || called.result.type === 'failure') return undefined
  const parts = called.result.json.conditions.flatMap(partsOf)
  const steps = parts.map((part) => part.soFar)
  const judged = judge(steps, request)
  const at = parts.findIndex((_, index) => !judged.held.has(String(index)))
  const part = parts[at]
  if (!part) return undefined
  const error = judged.errors.get(String(at))
  const { kind } = part.own
  const text = clauseText(part.own)
  return {
    kind,
    text,
    ...(error === undefined ? {} : { error }),
    missing: missingParts(attributePaths(permitWhen(part.own)), request),
  }
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

const judge = (clauses: Clause[], request: Request): { held: Set<string>; errors: Map<string, string> } => {
  const staticPolicies = Object.fromEntries(clauses.map((clause, index) => [String(index), permitWhen(clause)]))
  const { principal, action, resource, context, entities } = request
  const called = callOfficial((cedar) =>
    cedar.isAuthorized({ principal, action, resource, context, entities, policies: { staticPolicies } }),
  )
  if (!called.ok || called.result.type === 'failure') return { held: new Set(), errors: new Map() }
  const { reason, errors } = called.result.response.diagnostics
  return { held: new Set(reason), errors: new Map(errors.map(({ policyId, error }) => [policyId, error.message])) }
}

const clauseText = (clause: Clause): string => {
  const called = callOfficial((cedar) => cedar.policyToText(permitWhen(clause)))
  if (!called.ok || called.result.type === 'failure') return ''
  return called.result.text.match(BODY)?.[1]?.trim() ?? ''
}

const BODY = /(?:when|unless) \{([\s\S]*)\};$/
