/** How a stream is delivered, in our words and in those of the specification. */
export const METHODS = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const
export type StreamMethod = keyof typeof METHODS

export type StreamStatus = 'enabled' | 'paused' | 'disabled'

/** The events that a receiver may ask for (CAEP 1.0 §3); what is about the stream itself comes unasked. */
export const EVENT_TYPES = {
  'session-revoked': 'https://schemas.openid.net/secevent/caep/event-type/session-revoked',
  'credential-change': 'https://schemas.openid.net/secevent/caep/event-type/credential-change',
  'token-claims-change': 'https://schemas.openid.net/secevent/caep/event-type/token-claims-change',
} as const
export type EventName = keyof typeof EVENT_TYPES

/** Everything that may be asked for. */
export const EVERY_EVENT: readonly string[] = Object.values(EVENT_TYPES)

/** Something about the stream itself that is to be told (SSF 1.0 §8.1.4, §8.1.5). */
export type OwnEvent = {
  readonly id: string
  /** Seconds since 1970. */
  readonly at: number
} & (
  | { readonly type: 'verification'; readonly state: string | null }
  | { readonly type: 'stream-updated'; readonly status: StreamStatus; readonly reason: string | null }
)

/** By what an identity set the delivery of a stream: a token, by its digest, a credential and a running copy (IDENTITY/NAME). */
export interface StreamOrigin {
  readonly token: string | null
  readonly credential: string | null
  readonly instance: string | null
}

/** A stream of one receiver. Times are milliseconds since 1970. */
export interface Stream {
  readonly id: string
  readonly identity: string
  readonly team: string | null
  readonly method: StreamMethod
  readonly endpoint: string | null
  readonly sealed: string | null
  /** Event types by their URIs, as the receiver asked for them. */
  readonly requested: readonly string[]
  readonly description: string | null
  readonly status: StreamStatus
  readonly statusReason: string | null
  /** Identities of which the receiver wants to hear nothing. */
  readonly excluded: readonly string[]
  readonly position: number
  /** While everything in force is told again. */
  readonly resend: { readonly from: number; readonly until: number } | null
  readonly own: readonly OwnEvent[]
  readonly taken: readonly string[]
  readonly createdAt: number
  readonly createdBy: string | null
  readonly verifiedAt: number | null
  readonly heardAt: number | null
  readonly failures: number
  readonly lastError: string | null
  readonly retryAt: number
  readonly setBy: StreamOrigin
}

/** The most that waits of what is about the stream itself. */
const OWN_MAX = 8
/** The most that is remembered as taken out of order. */
export const TAKEN_MAX = 1_000
/** The most streams of one receiver. */
export const STREAMS_MAX = 4
/** The most identities that one stream leaves out. */
export const EXCLUDED_MAX = 1_000
/** How often a receiver may have a stream verified. */
export const VERIFY_SECONDS_MIN = 60

/** The events that are delivered: those that were asked for, as far as there are any. */
export const deliveredOf = ({ requested }: Pick<Stream, 'requested'>): readonly EventName[] =>
  (['session-revoked', 'credential-change', 'token-claims-change'] as const).filter((name) =>
    requested.includes(EVENT_TYPES[name]),
  )

/** The same after one more event about itself; the oldest verification gives way first, since it says the least. */
export const withOwn = (stream: Stream, event: OwnEvent): Stream => {
  const own = [...stream.own, event]
  if (own.length <= OWN_MAX) return { ...stream, own }
  const least = Math.max(
    0,
    own.findIndex(({ type }) => type === 'verification'),
  )
  return { ...stream, own: own.filter((_, at) => at !== least) }
}

/** The stream as one that is told everything in force, and what comes after `head`. */
export const startingAt = (head: number) => ({ position: head, resend: { from: 0, until: head }, taken: [] })
