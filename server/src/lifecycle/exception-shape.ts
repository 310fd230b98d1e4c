import { z } from 'zod'
import { Moment } from '../kit/text.ts'
import type { Exception } from './store-exception.ts'

/** An exception as answered. */
export const ExceptionOutput = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  reason: z.string(),
  approval: z.string(),
  createdBy: z.string().nullable(),
  createdAt: Moment,
  expiresAt: Moment,
  endedAt: Moment.nullable(),
  endedBy: z.string().nullable(),
  endedReason: z.string().nullable(),
})

/** Writes an exception for the wire. */
export const toExceptionOutput = (exception: Exception): z.infer<typeof ExceptionOutput> => ({
  ...exception,
  createdAt: exception.createdAt.toISOString(),
  expiresAt: exception.expiresAt.toISOString(),
  endedAt: exception.endedAt?.toISOString() ?? null,
})

/** What every replica must be told: whoever holds this exception, or the identity that it is of, looks again. */
export const exceptionSignals = (subject: string) => [
  { topic: 'exception', key: subject },
  { topic: 'identity', key: identityOf(subject) },
]

/** Subjects name an identity first, and what it may reach behind a stroke. */
export const identityOf = (subject: string): string => subject.split('/')[0] ?? subject
