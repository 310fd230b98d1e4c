import { z } from 'zod'
import type { Narrowing } from '../kit/operation.ts'
import { Moment } from '../kit/text.ts'
import type { Session } from './store-session.ts'

/** What a session may be narrowed to when it is opened. */
export const NarrowingShape = z.strictObject({
  directories: z
    .array(
      z
        .string()
        .max(63)
        .regex(/^[a-z0-9][a-z0-9._-]*$/),
    )
    .min(1)
    .max(50)
    .describe('directories or fragments of access as code, by the name in their reeve.yaml'),
  may: z.enum(['plan', 'plan+apply']).describe('`plan`: validate, test and plan there; `plan+apply`: apply as well'),
})

/** A session as answered; its token is shown once, by the operation that made it. */
export const SessionOutput = z.object({
  id: z.string(),
  person: z.string(),
  createdAt: Moment,
  expiresAt: Moment,
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  narrowedTo: NarrowingShape.nullable().describe('access as code of these directories is all that it may do'),
  login: z
    .string()
    .nullable()
    .describe('the login that opened it, by the word of another session; null: a device key did'),
})

/** Writes a session for the wire. */
export const toSessionOutput = (session: Session): z.infer<typeof SessionOutput> => ({
  id: session.id,
  person: session.person,
  createdAt: session.createdAt.toISOString(),
  expiresAt: session.expiresAt.toISOString(),
  ip: session.ip,
  userAgent: session.userAgent,
  narrowedTo: narrowingView(session.narrowedTo),
  login: session.login,
})

const narrowingView = (narrowedTo: Narrowing | null): z.infer<typeof NarrowingShape> | null =>
  narrowedTo === null ? null : { directories: [...narrowedTo.directories], may: narrowedTo.may }
