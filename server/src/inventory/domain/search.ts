/** What a list may be ordered by. */
export const SORTS = ['name', 'lastUsedAt', 'expiresAt', 'reviewAt'] as const
export type Sort = (typeof SORTS)[number]

/** A text: every word of it, or the beginning of a name. */
export interface TextSought {
  readonly words: readonly string[]
  readonly prefix: string | undefined
}

/** A moment that must be before another: last used, expiry or review. */
export interface RangeSought {
  readonly column: 'used_at' | 'expires_at' | 'review_at'
  readonly before: number
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
