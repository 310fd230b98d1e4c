/** What an API key, or a secret that signs webhooks, is for; nothing of it ever widens or changes. */
export interface KeyLimits {
  /** The id of the one resource. */
  readonly resource: string
  /** Its URI when the key was added, for people. */
  readonly audience: string
  /** The actions, of those that the resource offers. */
  readonly actions: readonly string[]
  /** From where it may be used; empty: from everywhere. */
  readonly networks: readonly string[]
  /** How often it may be used at each replica of this server. */
  readonly ratePerMinute: number | null
}

/** By which of its limits a use of a key is refused. */
export type KeyBound = 'resource' | 'actions' | 'network'
