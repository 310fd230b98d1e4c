import { z } from 'zod'
import type { AnyDb, Handle } from '../../kit/database.ts'
import type { Subject } from '../../kit/operation.ts'
import type { NumberedEvent } from '../../ledger/event.ts'
import { eventById, eventsOfRequest, searchLedger } from '../../ledger/reader.ts'
import { eventReason, requestReason } from '../event-reason.ts'
import { fault } from '../faults.ts'
import { findingReason } from '../finding-reason.ts'
import { identitySubject } from '../finding-shape.ts'
import { type ObservePorts, type ObserveScope, operation, type Reason } from '../room.ts'
import { findFinding } from '../store-finding.ts'

const REQUEST_EVENTS_MAX = 50

/** Explains anything that has an id: what decided, which attribute was missing, and the next step. */
export const showWhy = operation.read({
  name: 'observe.why.show',
  summary: 'explains a decision, refusal, token, credential, grant, identity, finding, event or request',
  input: z.strictObject({ id: z.string().regex(/^[a-z]{2,6}_[\w-]{1,80}$/) }),
  output: z.object({
    id: z.string(),
    summary: z.string(),
    because: z.array(z.string()).readonly(),
    policies: z
      .array(z.object({ id: z.string(), text: z.string().nullable(), origin: z.string().nullable() }))
      .readonly(),
    missing: z.array(z.string()).readonly(),
    wouldAllow: z.string().nullable(),
    next: z.string(),
  }),
  faults: ['nothing_to_explain'],
  on: ({ db, input, ports }) => subjectOf(ports, db, input.id),
  run: async ({ db, input, ports, now }) => {
    const reason = await reasonFor(ports, db, input.id, now)
    if (reason === undefined) throw fault('nothing_to_explain')
    return { output: reason }
  },
})

const prefixOf = (id: string): string => id.slice(0, id.indexOf('_'))

const reasonFor = async (
  ports: ObservePorts,
  db: Handle<ObserveScope> & AnyDb,
  id: string,
  now: Date,
): Promise<Reason | undefined> => {
  const own = OWN[prefixOf(id)]
  if (own === undefined) return ports.reasons[prefixOf(id)]?.(db, id, now)
  // What was committed before the call has its number then.
  await ports.log.flush()
  return own(db, id)
}

type Explain = (db: Handle<ObserveScope>, id: string) => Promise<Reason | undefined>

const OWN: Readonly<Record<string, Explain>> = {
  evt: async (db, id) => {
    const event = await eventById(db, id)
    return event && eventReason(event)
  },
  req: async (db, id) => {
    const events = await eventsOfRequest(db, id, REQUEST_EVENTS_MAX)
    return events.length === 0 ? undefined : requestReason(id, events)
  },
  fnd: async (db, id) => {
    const finding = await findFinding(db, id)
    return finding && findingReason(finding)
  },
}

/** The identity that the thing is about, where there is one: its team may ask why, although it may not read the log. */
const subjectOf = async (ports: ObservePorts, db: Handle<ObserveScope> & AnyDb, id: string): Promise<Subject> =>
  identitySubject(ports, db, (await ABOUT[prefixOf(id)]?.(db, id)) ?? null)

type About = (db: Handle<ObserveScope>, id: string) => Promise<string | null>

const ABOUT: Readonly<Record<string, About>> = {
  nhi: async (_, id) => id,
  fnd: async (db, id) => (await findFinding(db, id))?.identity ?? null,
  evt: async (db, id) => identityIn(await eventById(db, id)),
  req: async (db, id) => identityIn((await eventsOfRequest(db, id, 1))[0]),
  dec: async (db, id) => identityIn((await searchLedger(db, undefined, 1, { decisionId: id }))[0]),
}

const identityIn = (event: NumberedEvent | undefined): string | null => {
  if (event?.on?.type === 'Identity') return event.on.id
  return event?.actor.principalType === 'nhi' ? event.actor.id : null
}
