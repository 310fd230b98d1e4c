export {
  type EntityStore,
  type PreparedEntities,
  prepareEntities,
  type ReadyEntities,
} from './entities/entity-store.ts'
export { type JoinedEntities, joinEntities } from './entities/join-entities.ts'
export { type EntityUid, uidText } from './entity-uid.ts'
export { readJson, withExactNumbers } from './exact-numbers.ts'
export type { LintGround } from './lint/ground.ts'
export type { LintedPolicy } from './lint/linted-policy.ts'
export {
  LINT_SEVERITIES,
  LINTS,
  type Linted,
  type LintFinding,
  type LintName,
  type LintSeverity,
  type LintSpec,
  lintOneByOne,
  lintPolicies,
} from './lint/lints.ts'
export { type Obligation, obligationsOf } from './obligation.ts'
export type { Answer } from './policies/answer.ts'
export type { PolicySource } from './policies/compile-policy.ts'
export { type CompiledPolicies, compilePolicies, type PolicySet } from './policies/policy-set.ts'
export { linkTemplate, type SlotValues } from './policies/template.ts'
export type {
  ActionConstraint,
  EntityConstraint,
  EstClause,
  EstExpression,
  EstUid,
  OneEntity,
  PolicyEst,
  PolicyScope,
} from './policy-est.ts'
export { type Possibility, possibilityOf, type World } from './possible.ts'
export type {
  CedarRecord,
  CedarValue,
  Entity,
  EntityReference,
  ExactEntity,
  ExactRequest,
  ExtensionCall,
  Request,
} from './request.ts'
export { requestKey } from './request-key.ts'
export { buildScopeIndex, type ScopedPolicy, type ScopeIndex } from './scope-index.ts'
export { isWellFormed } from './values/well-formed.ts'
