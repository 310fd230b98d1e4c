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

/** What is sought: everything must hold. Terms come with the most telling first. */
export interface Sought {
  readonly terms: readonly string[]
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
