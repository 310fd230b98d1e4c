export { type EntityUid, uidText } from './entity-uid.ts'
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
export type { CedarRecord, CedarValue, Entity, EntityReference, ExtensionCall, Request } from './request.ts'
export { requestKey } from './request-key.ts'
export { buildScopeIndex, type ScopedPolicy, type ScopeIndex } from './scope-index.ts'
