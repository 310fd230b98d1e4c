export type { Answer } from './answer.ts'
export { checkAhead } from './check-ahead.ts'
export { checkSchema, type PolicySchema } from './check-policies.ts'
export type { Decided, Evaluator } from './decide.ts'
export { type CompiledEngine, compileEngine, type Deciding, type Engine, type PolicyChange } from './engine.ts'
export { everyProblem } from './every-problem.ts'
export { type Explanation, type ExplanationNames, explainDenial, type Remedy } from './explain-denial.ts'
export type { FailedCondition } from './failed-condition.ts'
export { hasFreeEntity } from './free-entity.ts'
export { type GrantConditions, type GrantTerms, grantPolicy, type TimeWindow, type Weekday } from './grant-policy.ts'
export { namedActions, uidOf } from './named-actions.ts'
export { releaseOfficial } from './official.ts'
export { policiesFromText } from './policies-from-text.ts'
export { policyAnnotations } from './policy-annotations.ts'
export { type ReadPolicy, readPolicy } from './read-policy.ts'
export { readSource } from './read-source.ts'
export { type ReadyPart, readyPart } from './ready-entities.ts'
export {
  type Access,
  type FactType,
  type SchemaAction,
  type SchemaOperation,
  type SchemaResource,
  schemaFor,
} from './schema-for.ts'
export { EXCEPTED_UNTIL, PERMITTED, separationId, separationOfPermit, separationPolicy } from './separation-policy.ts'
export { createShadow, type Shadow, type ShadowCounts, type ShadowDifference } from './shadow.ts'
export type { PolicyOrigin, PolicyProblem, SourcePolicy } from './source-policy.ts'
