import { z } from 'zod'
import { useOnce } from '../../kit/once.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { OpenedSession, openSession } from '../open-session.ts'
import { verifyAssertion } from '../person-assertion.ts'
import { personSubject } from '../person-shape.ts'
import { operation } from '../room.ts'
import { NarrowingShape } from '../session-shape.ts'
import { findPerson } from '../store-person.ts'

const HOUR_MS = 60 * 60 * 1000
const HOURS_DEFAULT = 8
const HOURS_MAX = 12

/** Opens a session for whoever proves to hold the key of an enrolled person's device. */
export const createSession = operation.write({
  name: 'lifecycle.session.create',
  summary: 'open a session for the person whose device signed the assertion',
  input: z.strictObject({
    assertion: z.string().min(1).max(4000),
    expiresInHours: z.number().int().min(1).max(HOURS_MAX).default(HOURS_DEFAULT),
    narrowedTo: NarrowingShape.optional().describe('all that the session may do; left out, what its person may'),
  }),
  output: OpenedSession.extend({ narrowedTo: NarrowingShape.nullable() }),
  faults: ['person_assertion_invalid', 'person_assertion_replayed'],
  principals: ['anonymous', 'human'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, caller, ports, now, newId }) => {
    const proven = await verifyAssertion(tx, input.assertion, { issuer: ports.issuer(), now })
    // The key's name keeps one person's jti from another's.
    const once = { space: 'person-assertion', key: `${proven.keyId}.${proven.jti}`, until: proven.until }
    if (!(await useOnce(tx, once))) throw fault('person_assertion_replayed')
    const person = await findPerson(tx, proven.person)
    if (person?.state !== 'active') throw fault('person_assertion_invalid', { detail: 'removed' })
    const id = newId('ses')
    const narrowedTo = input.narrowedTo ?? null
    const opened = await openSession(tx, {
      ...{ id, person, narrowedTo, now, login: null, approvedBy: null },
      ...{ source: caller.source, random: ports.random, lifeMs: input.expiresInHours * HOUR_MS },
    })
    return {
      output: { ...opened, narrowedTo },
      on: personSubject(person),
      change: [{ field: 'session', before: null, after: id }],
      evidence: {
        key: proven.keyId,
        expiresAt: opened.expiresAt,
        directories: narrowedTo?.directories.join(' ') ?? null,
        may: narrowedTo?.may ?? null,
      },
    }
  },
})
