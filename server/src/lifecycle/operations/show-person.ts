import { z } from 'zod'
import type { Handle } from '../../kit/database.ts'
import { coreFault } from '../../kit/fault.ts'
import { PersonOutput, personSubject, toPersonOutput } from '../person-shape.ts'
import { operation } from '../room.ts'
import type { LifecycleTables } from '../schema.ts'
import { findPerson, type Person } from '../store-person.ts'

/** Shows a person; without an id, the caller. */
export const showPerson = operation.read({
  name: 'lifecycle.person.show',
  summary: 'show a person, or yourself when no id is given',
  input: z.strictObject({ person: z.string().min(1).max(64).optional() }),
  output: PersonOutput,
  faults: [],
  principals: ['human'],
  on: async ({ db, input, caller }) => personSubject(await personOf(db, input.person ?? caller.actor.id)),
  run: async ({ db, input, caller }) => ({
    output: toPersonOutput(await personOf(db, input.person ?? caller.actor.id)),
  }),
})

/** The person; not_found in the same words whether there is none or none that may be known. */
export const personOf = async (db: Handle<LifecycleTables>, id: string | null): Promise<Person> => {
  const person = await findPerson(db, id ?? '')
  if (person === undefined) throw coreFault('not_found')
  return person
}
