import type { Transaction } from 'kysely'
import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { LOGIN_CLIENT } from '../device-shape.ts'
import { isSecretText, secretHash } from '../domain/secret-text.ts'
import { fault } from '../faults.ts'
import { OpenedSession, openSession } from '../open-session.ts'
import { personSubject } from '../person-shape.ts'
import { operation } from '../room.ts'
import type { LifecycleTables } from '../schema.ts'
import { findLogin, spendLogin } from '../store-login.ts'
import { findPerson } from '../store-person.ts'
import { holdSession } from '../store-session.ts'

const LIFE_MS_MAX = 8 * 60 * 60 * 1000

/** Opens the session that a person approved for the machine that waits (RFC 8628 §3.4). */
export const finishDevice = operation.write({
  name: 'lifecycle.device.finish',
  summary: 'open the session of a login that a person approved',
  input: z.strictObject({ client: z.string().max(100), code: z.string().min(1).max(100) }),
  output: OpenedSession,
  faults: ['login_client_unknown', 'login_pending', 'login_expired', 'login_refused', 'login_code_invalid'],
  principals: ['anonymous', 'human'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, ports, caller, now, newId }) => {
    if (input.client !== LOGIN_CLIENT) throw fault('login_client_unknown')
    const login = await useLogin(tx, input.code, now)
    const person = await findPerson(tx, login.person)
    const by = await holdSession(tx, login.session)
    // Whoever left, or was sent away, since then approves nothing more.
    const isInForce = by?.endedAt === null && by.expiresAt > now && person?.state === 'active'
    if (!isInForce) throw fault('login_code_invalid', { detail: 'who approved it is not here any more' })
    // INVARIANT: it never outlives the session by whose word it is, or a stolen one would live on in others.
    const lifeMs = Math.min(LIFE_MS_MAX, by.expiresAt.getTime() - now.getTime())
    const id = newId('ses')
    const opened = await openSession(tx, {
      ...{ id, person, now, narrowedTo: null, login: login.id, approvedBy: by.id },
      ...{ source: caller.source, random: ports.random, lifeMs },
    })
    return {
      output: opened,
      on: personSubject(person),
      change: [{ field: 'session', before: null, after: id }],
      evidence: { login: login.id, approvedBy: login.session, expiresAt: opened.expiresAt },
    }
  },
})

const useLogin = async (tx: Transaction<LifecycleTables>, deviceCode: string, now: Date) => {
  if (!isSecretText('lc', deviceCode)) throw fault('login_code_invalid')
  const hash = secretHash(deviceCode)
  const login = await spendLogin(tx, hash, now)
  if (login !== undefined) return login
  const found = await findLogin(tx, hash)
  if (found === undefined || found.state === 'used') throw fault('login_code_invalid')
  if (found.state === 'refused') throw fault('login_refused')
  throw fault(found.expiresAt <= now ? 'login_expired' : 'login_pending')
}
