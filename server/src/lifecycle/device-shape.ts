import { z } from 'zod'
import type { Handle } from '../kit/database.ts'
import { coreFault } from '../kit/fault.ts'
import type { Caller } from '../kit/operation.ts'
import { Moment } from '../kit/text.ts'
import { secretHash } from './domain/secret-text.ts'
import { readUserCode } from './domain/user-code.ts'
import { fault } from './faults.ts'
import type { LifecyclePorts } from './room.ts'
import type { LifecycleTables } from './schema.ts'
import type { WaitingLogin } from './store-login.ts'
import { findSession } from './store-session.ts'

/** The one client that logs people in; it has no secret (RFC 8628 §3.1), so that its name proves nothing. */
export const LOGIN_CLIENT = 'reeve-cli'

/** The code that a person reads where they want to log in, and types where they are logged in. */
export const DeviceInput = z.string().min(1).max(40).describe('the code that the waiting machine shows')

/** A login that waits, as answered: what its asker is to be told from. */
export const LoginOutput = z.object({
  id: z.string(),
  createdAt: Moment,
  expiresAt: Moment,
  ip: z.string().nullable(),
  region: z.string().nullable(),
  userAgent: z.string().nullable(),
})

/** Writes a waiting login for the wire. */
export const toLoginOutput = (login: WaitingLogin): z.infer<typeof LoginOutput> => ({
  id: login.id,
  createdAt: login.createdAt.toISOString(),
  expiresAt: login.expiresAt.toISOString(),
  ip: login.ip,
  region: login.region,
  userAgent: login.userAgent,
})

/** Counts what a person types (RFC 8628 §5.1), and gives what a login is found by. Whatever is wrong with it, it is not there. */
export const namedLogin = (ports: Pick<LifecyclePorts, 'codesNamed'>, caller: Caller, typed: string): string => {
  const retryAfterSeconds = ports.codesNamed.take(caller.actor.id ?? '')
  if (retryAfterSeconds !== undefined) throw coreFault('limited', { retryAfterSeconds })
  const code = readUserCode(typed)
  if (code === undefined) throw coreFault('not_found')
  return secretHash(code)
}

/** The session that decides: of a device key, or there would be sessions without end, each by the word of the last. */
export const decidingSession = async (db: Handle<LifecycleTables>, caller: Caller): Promise<string> => {
  const session = await findSession(db, caller.credential ?? '')
  if (session === undefined) throw coreFault('not_found')
  if (session.login !== null) throw fault('login_by_login')
  return session.id
}
