/** What becomes of a credential when its successor has not been seen with all of its consumers by the deadline. */
export const AT_DEADLINE = ['retire', 'keep-and-find'] as const
export type AtDeadline = (typeof AT_DEADLINE)[number]

/** From where a credential is used: a running copy, as far as it says so, and a network address; empty where unknown. */
export interface Place {
  readonly instance: string
  readonly address: string
}

/** A consumer of the old credential: when it was last seen on that, and on the new one. Milliseconds since 1970. */
export interface Consumer extends Place {
  readonly oldSeenAt: number
  readonly newSeenAt: number | null
}

/** Whether a consumer was seen on the new credential, and not on the old one since. */
export const hasMoved = ({ oldSeenAt, newSeenAt }: Consumer): boolean => newSeenAt !== null && newSeenAt > oldSeenAt

/** What a rotation is judged by. Times are milliseconds since 1970. */
export interface RotationGiven {
  readonly deadline: number
  readonly atDeadline: AtDeadline
  /** Whether the deadline came, and the old one was kept. */
  readonly isFound: boolean
  readonly old: { readonly isQuarantined: boolean; readonly endsAt: number }
  /** Whether the new one could be used now. */
  readonly isNewUsable: boolean
  readonly consumers: readonly Consumer[]
  /** False when the old one was used from more places than are kept. */
  readonly areAllKnown: boolean
  /** Up to when uses have been counted. */
  readonly countedUntil: number
  /** For as long as this nobody may have used the old one. */
  readonly quietMs: number
  readonly now: number
}

/** What is to be done about a rotation now. */
export type RotationStep = 'wait' | 'retire-moved' | 'retire-deadline' | 'find' | 'expire'

/**
 * What is to be done now. The old one retires early on evidence alone: it is known who used it, each of them was seen on
 * the new one and on nothing else since, and a whole life of a token has passed in which somebody who still holds the old
 * one would have come back with it. Where nobody is known, nobody can have moved: the deadline comes then.
 */
export const rotationStep = (given: RotationGiven): RotationStep => {
  const { old, consumers, now } = given
  if (old.endsAt <= now) return 'expire'
  // What is quarantined may be released, as it was; and nothing retires in favour of what does not work.
  if (old.isQuarantined || !given.isNewUsable) return 'wait'
  if (haveAllMoved(given)) return 'retire-moved'
  if (now < given.deadline) return 'wait'
  if (given.atDeadline === 'retire') return 'retire-deadline'
  return given.isFound || consumers.length === 0 ? 'wait' : 'find'
}

const haveAllMoved = ({ consumers, areAllKnown, countedUntil, quietMs, now }: RotationGiven): boolean =>
  consumers.length > 0 &&
  areAllKnown &&
  // INVARIANT: where uses are not counted up to now, that nobody is seen says nothing.
  countedUntil >= now - COUNTED_LATE_MS &&
  consumers.every((consumer) => hasMoved(consumer) && consumer.oldSeenAt + quietMs <= countedUntil)

const COUNTED_LATE_MS = 60_000

/**
 * The kinds of credential that are replaced here. What a platform or a CA vouches for is renewed by that one, under the same
 * name; a bound key belongs to its machine, which joins again.
 */
export const ROTATABLE_KINDS = ['public-key', 'client-secret', 'api-key', 'webhook-secret', 'self-signed-tls'] as const
/** One of them. */
export type RotatableKind = (typeof ROTATABLE_KINDS)[number]

/** Whether a credential of this kind can be rotated at all. */
export const isRotatable = (kind: string): kind is RotatableKind => ROTATABLE_KINDS.some((each) => each === kind)
