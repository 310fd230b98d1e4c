/** What a list may be ordered by. */
export const SORTS = ['name', 'lastUsedAt', 'expiresAt', 'reviewAt', 'createdAt'] as const
export type Sort = (typeof SORTS)[number]

/** A text: every word of it, or the beginning of a name. */
export interface TextSought {
  readonly words: readonly string[]
  readonly prefix: string | undefined
}

/** The columns of moments that a list may be narrowed by and ordered by. */
export type MomentColumn = 'used_at' | 'expires_at' | 'review_at' | 'created_at'

/** A moment from one on and before another, in milliseconds: last used, expiry, review or creation. */
export interface RangeSought {
  readonly column: MomentColumn
  readonly from?: number | undefined
  readonly before?: number | undefined
}

/** A term that must be filed; where the identity's row says the same in a column, that column and its value. */
export interface TermSought {
  readonly term: string
  readonly column?: { readonly name: SoughtColumn; readonly value: string } | undefined
}

/** Columns that a list may be narrowed by. */
export type SoughtColumn =
  | 'owner_id'
  | 'parent_id'
  | 'workflow_name'
  | 'workflow_repository'
  | 'created_by'
  | 'approved_by'
  | 'pipeline'
  | 'kind'
  | 'tier'
  | 'state'
  | 'environment'
  | 'lifecycle'
  | 'boundary'
  | 'effective_blast_radius'

/** What is sought: everything must hold. Terms come with the most telling first. */
export interface Sought {
  readonly terms: readonly TermSought[]
  readonly ranges: readonly RangeSought[]
  readonly text: TextSought | undefined
  readonly sort: Sort
}

/** One place in an ordered list: the sort key, and the name that breaks ties. */
export interface Place {
  readonly key: number
  readonly name: string
}

/** Whether the first place comes before the second. */
export const isBefore = (one: Place, other: Place): boolean =>
  one.key === other.key ? one.name < other.name : one.key < other.key
