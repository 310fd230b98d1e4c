import { type EntityNode, type EntityView, NO_FIELDS, NO_VIEW, unlistedNode } from '../entities/entity-node.ts'
import type { RecordValue, Result } from '../values/value.ts'

/** What an expression is evaluated in. */
export interface Surroundings {
  readonly principal: EntityNode
  readonly action: EntityNode
  readonly resource: EntityNode
  readonly context: RecordValue
  readonly entities: EntityView
}

/** Evaluates an expression. */
export type Run = (at: Surroundings) => Result

/** A compiled expression. */
export interface Compiled {
  readonly run: Run
  /** What it comes to, if that is the same everywhere. */
  readonly constant?: Result
  /** The variable that this is, if it is nothing but an entity's variable. */
  readonly variable?: 'principal' | 'action' | 'resource'
}

/** An expression that is the same everywhere. */
export const constant = (result: Result): Compiled => ({ run: () => result, constant: result })

/** Makes what depends on constants only a constant. INVARIANT: `run` looks at nothing but its operands. */
export const folded = (operands: readonly Compiled[], run: Run): Compiled =>
  operands.every((operand) => operand.constant !== undefined) ? constant(run(NOWHERE)) : { run }

const NOBODY = unlistedNode({ type: 'Nobody', id: '' })
const NOWHERE: Surroundings = {
  principal: NOBODY,
  action: NOBODY,
  resource: NOBODY,
  context: NO_FIELDS,
  entities: NO_VIEW,
}
