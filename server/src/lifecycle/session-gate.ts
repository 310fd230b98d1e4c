import type { Follower } from '../kit/changes.ts'
import type { Handle } from '../kit/database.ts'
import type { Caller, Narrowing } from '../kit/operation.ts'
import { isSecretText, secretHash } from './domain/secret-text.ts'
import { fault } from './faults.ts'
import type { LifecycleTables } from './schema.ts'
import { findPerson } from './store-person.ts'
import { findSessionByHash } from './store-session.ts'

/** What a session proves of a caller; `credential` is the session's id. */
export interface SessionCaller extends Pick<Caller, 'actor' | 'roles'> {
  readonly credential: string
  readonly narrowedTo: Narrowing | null
  readonly expiresAt: Date
}

/** Proves sessions, with a small memory of those seen lately. */
export interface SessionGate {
  /** Throws session_invalid, session_expired or session_ended. */
  authenticate(db: Handle<LifecycleTables>, token: string, now: Date): Promise<SessionCaller>
  /** To be followed under the topic `session`. */
  readonly follower: Follower
}

const REMEMBERED_MAX = 2000

/** A gate with a memory of its own. */
export const createSessionGate = (): SessionGate => {
  let known = new Map<string, SessionCaller>()
  const forget = (): void => {
    // A new map: what a read that began before finds is kept nowhere.
    known = new Map()
  }
  return {
    authenticate: async (db, token, now) => {
      if (!isSecretText('ps', token)) throw fault('session_invalid')
      const hash = secretHash(token)
      const memory = known
      const remembered = memory.get(hash)
      if (remembered !== undefined) return inForce(remembered, now)
      const caller = await authenticateHash(db, hash, now)
      if (memory.size >= REMEMBERED_MAX) memory.delete(memory.keys().next().value ?? '')
      memory.set(hash, caller)
      return caller
    },
    follower: { changed: forget, reset: forget },
  }
}

/** Proves a session from the database: the checksum first, which costs nothing to whoever guesses. */
export const authenticateSession = async (
  db: Handle<LifecycleTables>,
  token: string,
  now: Date,
): Promise<SessionCaller> => {
  if (!isSecretText('ps', token)) throw fault('session_invalid')
  return authenticateHash(db, secretHash(token), now)
}

const authenticateHash = async (db: Handle<LifecycleTables>, hash: string, now: Date): Promise<SessionCaller> => {
  const session = await findSessionByHash(db, hash)
  if (session === undefined) throw fault('session_invalid')
  const person = await findPerson(db, session.person)
  if (session.endedAt !== null || person?.state !== 'active') throw fault('session_ended')
  return inForce(
    {
      actor: { principalType: 'human', id: person.id, name: person.name },
      roles: person.roles,
      credential: session.id,
      narrowedTo: session.narrowedTo,
      expiresAt: session.expiresAt,
    },
    now,
  )
}

const inForce = (caller: SessionCaller, now: Date): SessionCaller => {
  if (caller.expiresAt <= now) throw fault('session_expired')
  return caller
}
