import type { Tree } from './policy-tree.ts'

/**
 * What an index of policies knows an entity by, kept with the entity because a look into a table for each decision costs
 * more. Two indexes may ask in turn, what is enforced and what is tried out, so the one before the last keeps its own.
 */
export interface SeenEntity {
  /** Whose this is: no two states of any index have the same. */
  readonly stamp: number
  readonly self: number
  readonly type: number
  readonly before: SeenEntity | undefined
}

/** What an index of policies knows of all that is above an entity. */
export interface SeenAbove {
  readonly stamp: number
  /** The numbers of those that any head names. */
  readonly numbers: readonly number[]
  /** The policies that are listed under those: the few of one, where they begin and end, and where they are many, a tree. */
  readonly ranges: readonly number[]
  readonly trees: readonly Tree[]
  /** Where these are above a resource: what some trees hold about them. */
  readonly parts: PartsOfTree[]
  readonly before: SeenAbove | undefined
}

/** Of a tree that is told apart by resources, the parts about some of them. */
export interface PartsOfTree {
  readonly of: Tree
  readonly numbers: readonly number[]
  readonly trees: readonly Tree[]
}
