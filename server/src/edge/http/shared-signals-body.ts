import { z } from 'zod'
import { EVERY_EVENT } from '../../broker/index.ts'
import { coreFault } from '../../kit/fault.ts'
import { inputPlaces } from '../../kit/input-places.ts'

// Shared Signals Framework 1.0 §8.1. What a transmitter supplies may stand in a request, and must then be as it is; what
// is not known is ignored. What is known has a bound.

const METHOD_OF = { 'urn:ietf:rfc:8935': 'push', 'urn:ietf:rfc:8936': 'poll' } as const

const Text = z.string().min(1).max(1000)
const StreamId = z.string().min(1).max(64)
const Delivery = z.object({
  method: z.enum(['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936']),
  endpoint_url: Text.nullish(),
  authorization_header: z.string().min(1).max(2000).nullish(),
})
const Supplied = {
  events_requested: z.array(z.string().max(200)).max(20).nullish(),
  delivery: Delivery.nullish(),
  description: z.string().max(200).nullish(),
}
const Created = z.object(Supplied)
const Changed = z.object({
  ...Supplied,
  stream_id: StreamId,
  iss: Text.optional(),
  aud: z.union([Text, z.array(Text).max(10)]).optional(),
  events_supported: z.array(z.string().max(200)).max(20).optional(),
  events_delivered: z.array(z.string().max(200)).max(20).optional(),
})
const Status = z.object({
  stream_id: StreamId,
  status: z.enum(['enabled', 'paused', 'disabled']),
  reason: z.string().max(200).nullish(),
})
const Verify = z.object({ stream_id: StreamId, state: z.string().max(1000).nullish() })
// RFC 9493 §3: an identity is named as in `sub`, alone or as the user of a complex subject.
const Named = z.object({ format: z.string().max(40), iss: Text.optional(), sub: Text.optional() })
const Subject = z.object({ stream_id: StreamId, subject: Named.extend({ user: Named.optional() }) })
const Poll = z.object({
  maxEvents: z.number().int().min(0).nullish(),
  returnImmediately: z.boolean().nullish(),
  ack: z.array(z.string().max(200)).max(1000).nullish(),
  setErrs: z
    .record(
      z.string().min(1).max(200),
      z.object({ err: z.string().min(1).max(100), description: z.string().max(500).nullish() }),
    )
    .nullish(),
})

type Input = Readonly<Record<string, unknown>>

/** The input of `broker.stream.create`. */
export const readCreated = (body: unknown): Input => suppliedOf(parsed(Created, body === undefined ? {} : body))

/** A change, with what the receiver says that its stream is; a replacement takes back what it does not name. */
export const readChanged = (
  body: unknown,
  isWhole: boolean,
): { readonly input: Input; readonly expected: Expected } => {
  const read = parsed(Changed, body)
  const { stream_id: stream, iss, aud, events_supported, events_delivered } = read
  // Without a word of what is wanted, all is.
  const whole = isWhole ? { events: EVERY_EVENT, description: null, method: 'poll' } : {}
  return {
    input: { ...whole, stream, ...suppliedOf(read) },
    expected: { iss, aud: aud === undefined ? undefined : [aud].flat(), events_supported, events_delivered },
  }
}

/** What a receiver takes for granted of its stream. */
export interface Expected {
  readonly iss: string | undefined
  readonly aud: readonly string[] | undefined
  readonly events_supported: readonly string[] | undefined
  readonly events_delivered: readonly string[] | undefined
}

/** The input of `broker.stream.change` that moves its status. */
export const readStatus = (body: unknown): Input => {
  const { stream_id: stream, status, reason } = parsed(Status, body)
  return { stream, status, ...(isText(reason) ? { reason } : {}) }
}

/** The input of `broker.stream.verify`. */
export const readVerify = (body: unknown): Input => {
  const { stream_id: stream, state } = parsed(Verify, body)
  return { stream, ...(isText(state) ? { state } : {}) }
}

/** The input of `broker.stream.include` and `exclude`; a subject of another issuer is nobody here. */
export const readSubject = (body: unknown, issuer: string): Input => {
  const { stream_id: stream, subject } = parsed(Subject, body)
  const { iss, sub } = subject.format === 'complex' ? (subject.user ?? {}) : subject
  return { stream, subject: iss === issuer && sub !== undefined ? sub.slice(0, 200) : NOBODY }
}

const NOBODY = 'nobody'

/** RFC 8936 §2.2: the input of `broker.stream.poll`, and whether to wait where there is nothing. */
export const readPoll = (stream: string, body: unknown): { readonly input: Input; readonly mayWait: boolean } => {
  const { maxEvents, returnImmediately, ack, setErrs } = parsed(Poll, body === undefined ? {} : body)
  const refused = Object.entries(setErrs ?? {}).map(([jti, { err, description }]) => ({
    jti,
    code: err,
    ...(isText(description) ? { text: description } : {}),
  }))
  return {
    input: {
      stream,
      ...(typeof maxEvents === 'number' ? { limit: Math.min(maxEvents, SETS_MAX) } : {}),
      taken: ack ?? [],
      refused,
    },
    // §2.2: without maxEvents, or with 0, only what was taken is said, which needs no wait.
    mayWait: returnImmediately !== true && maxEvents !== 0,
  }
}

const SETS_MAX = 100

const isText = (value: string | null | undefined): value is string => typeof value === 'string' && value !== ''

const suppliedOf = ({ events_requested, delivery, description }: z.infer<typeof Created>): Input => ({
  ...(Array.isArray(events_requested) ? { events: events_requested.filter((uri) => uri !== '') } : {}),
  ...(isText(description) ? { description } : {}),
  ...(delivery == null ? {} : deliveryOf(delivery)),
})

const deliveryOf = ({ method, endpoint_url, authorization_header }: z.infer<typeof Delivery>): Input =>
  METHOD_OF[method] === 'poll'
    ? // §6.1.2: where it is polled from is the transmitter's to say.
      { method: 'poll' }
    : {
        method: 'push',
        ...(isText(endpoint_url) ? { endpoint: endpoint_url } : {}),
        ...(isText(authorization_header) ? { authorization: authorization_header } : {}),
      }

const parsed = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const read = schema.safeParse(body)
  if (read.success) return read.data
  throw coreFault('invalid_input', { places: inputPlaces(read.error.issues) })
}
