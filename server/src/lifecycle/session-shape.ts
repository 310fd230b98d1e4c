import { z } from 'zod'
import { Moment } from '../kit/text.ts'
import type { Session } from './store-session.ts'

/** A session as answered; its token is shown once, by the operation that made it. */
export const SessionOutput = z.object({
  id: z.string(),
  person: z.string(),
  createdAt: Moment,
  expiresAt: Moment,
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
})

/** Writes a session for the wire. */
export const toSessionOutput = (session: Session): z.infer<typeof SessionOutput> => ({
  id: session.id,
  person: session.person,
  createdAt: session.createdAt.toISOString(),
  expiresAt: session.expiresAt.toISOString(),
  ip: session.ip,
  userAgent: session.userAgent,
})
