import type { EntityUid } from './entity-uid.ts'

/** A parsed policy in the official engine's own JSON form. */
export interface PolicyEst extends PolicyScope {
  effect: 'permit' | 'forbid'
  conditions: EstClause[]
  annotations?: Record<string, string>
}

/** The head of a policy: which principals, actions and resources it speaks of. */
export interface PolicyScope {
  principal: EntityConstraint
  action: ActionConstraint
  resource: EntityConstraint
}

/** One `when` or `unless` of a policy. */
export interface EstClause {
  kind: 'when' | 'unless'
  body: EstExpression
}

/** An expression: an object whose only key is the operator, as `{ "&&": { left, right } }`. */
export interface EstExpression {
  [operator: string]: unknown
}

/** An entity named in a policy; the engine writes either form. */
export type EstUid = EntityUid | { __entity: EntityUid }

/** What a policy's head asks of the principal or the resource. */
export type EntityConstraint =
  | { op: 'All' }
  | ({ op: '==' } & OneEntity)
  | ({ op: 'in' } & OneEntity)
  | { op: 'is'; entity_type: string; in?: OneEntity }

/** What a policy's head asks of the action. */
export type ActionConstraint =
  | { op: 'All' }
  | ({ op: '==' } & OneEntity)
  | ({ op: 'in' } & ({ entity: EstUid } | { entities: EstUid[] }))

/** A named entity, or the slot of a template, which any entity may fill. */
export type OneEntity = { entity: EstUid } | { slot: string }
