import { z } from 'zod'
import { deliveredOf, EVENT_TYPES, METHODS, type Stream, VERIFY_SECONDS_MIN } from '../domain/stream.ts'

/** A stream as callers see it; never what its header says. */
export const StreamView = z.object({
  id: z.string(),
  /** The receiver: what stands in `aud`. */
  identity: z.string(),
  issuer: z.string(),
  method: z.enum(['push', 'poll']),
  methodUri: z.string(),
  endpoint: z.string().describe('where events are pushed to, or polled from'),
  hasAuthorization: z.boolean(),
  eventsRequested: z.array(z.string()),
  eventsDelivered: z.array(z.string()),
  eventsSupported: z.array(z.string()),
  description: z.string().nullable(),
  status: z.enum(['enabled', 'paused', 'disabled']),
  statusReason: z.string().nullable(),
  excluded: z.number().int().describe('of how many identities it wants to hear nothing'),
  position: z
    .number()
    .int()
    .describe('the number of the revocation feed up to which the receiver knows all that is its to know'),
  isResending: z.boolean().describe('everything in force is told anew before what came after'),
  verifySecondsMin: z.number().int(),
  createdAt: z.string(),
  createdBy: z.string().nullable(),
  heardAt: z.string().nullable().describe('when the receiver last took something'),
  failures: z.number().int().describe('how many deliveries failed since the last that did not'),
  lastError: z.string().nullable(),
  retryAt: z.string().nullable().describe('with failures: when the next delivery is tried'),
})

/** A stored stream as callers see it. */
export const viewStream = (stream: Stream, issuer: string): z.infer<typeof StreamView> => ({
  id: stream.id,
  identity: stream.identity,
  issuer,
  method: stream.method,
  methodUri: METHODS[stream.method],
  endpoint: stream.endpoint ?? `${issuer}/ssf/poll/${stream.id}`,
  hasAuthorization: stream.sealed !== null,
  eventsRequested: [...stream.requested],
  eventsDelivered: deliveredOf(stream).map((name) => EVENT_TYPES[name]),
  eventsSupported: Object.values(EVENT_TYPES),
  description: stream.description,
  status: stream.status,
  statusReason: stream.statusReason,
  excluded: stream.excluded.length,
  position: stream.position,
  isResending: stream.resend !== null,
  verifySecondsMin: VERIFY_SECONDS_MIN,
  createdAt: iso(stream.createdAt),
  createdBy: stream.createdBy,
  heardAt: stream.heardAt === null ? null : iso(stream.heardAt),
  failures: stream.failures,
  lastError: stream.lastError,
  retryAt: stream.failures === 0 ? null : iso(stream.retryAt),
})

const iso = (ms: number): string => new Date(ms).toISOString()
