import { z } from 'zod'
import type { Handle } from '../../kit/database.ts'
import { coreFault } from '../../kit/fault.ts'
import { fault } from '../faults.ts'
import { personSubject } from '../person-shape.ts'
import { operation } from '../room.ts'
import type { LifecycleTables } from '../schema.ts'
import { endSessions, findSession, type Session } from '../store-session.ts'
import { personOf } from './show-person.ts'

/** Ends a session, and those that were opened by its word; without an id, the one that the call is made with. */
export const endSession = operation.write({
  name: 'lifecycle.session.end',
  summary: 'end a session, or the one you are calling with',
  input: z.strictObject({ session: z.string().min(1).max(64).optional() }),
  output: z.object({ id: z.string() }),
  faults: ['session_ended'],
  principals: ['human'],
  on: async ({ tx, input, caller }) => {
    const session = await sessionOf(tx, input.session ?? caller.credential)
    return personSubject(await personOf(tx, session.person))
  },
  run: async ({ tx, input, caller, now }) => {
    const { id, person } = await sessionOf(tx, input.session ?? caller.credential)
    const ended = await endSessions(tx, { id }, { by: caller.actor.id, now })
    if (ended.length === 0) throw fault('session_ended')
    return {
      output: { id },
      change: ended.map((each) => ({ field: 'session', before: each, after: null })),
      signals: [{ topic: 'session', key: person }],
    }
  },
})

const sessionOf = async (db: Handle<LifecycleTables>, id: string | null): Promise<Session> => {
  const session = await findSession(db, id ?? '')
  if (session === undefined) throw coreFault('not_found')
  return session
}
