/** What a program of APIs is told at its start. */
export interface ApisOrder {
  readonly issuer: string
  readonly audience: string
  /** The replicas that its verifiers follow, in turn. */
  readonly replicas: readonly string[]
  readonly verifiers: number
  /** Whether each of its verifiers has a feed of its own, in place of one for all that follow the same replica. */
  readonly hasOwnFeeds: boolean
}

/** One token, and which of the APIs are asked with it until they refuse it. */
export interface Round {
  readonly token: string
  readonly asked: readonly number[]
}

/** When each of these APIs refused, in nanoseconds of the clock that all processes of a machine share. */
export type Refused = readonly string[]

/** What a program of APIs says: that it is there, that all APIs let the token in, and when they refused it. */
export type Said = 'following' | 'served' | { readonly refused: Refused } | { readonly failed: string }
