import { z } from 'zod'
import type { AnyDb, Handle } from '../../kit/database.ts'
import { type Subject, UNOWNED } from '../../kit/operation.ts'
import type { NumberedEvent } from '../../ledger/event.ts'
import { eventById, eventOfDecision, eventsOfRequest } from '../../ledger/reader.ts'
import { eventReason, requestReason } from '../event-reason.ts'
import { teamSubject } from '../event-subject.ts'
import { fault } from '../faults.ts'
import { findingReason } from '../finding-reason.ts'
import { identitySubject } from '../finding-shape.ts'
import { type ObservePorts, type ObserveScope, operation, type Reason } from '../room.ts'
import { findFinding } from '../store-finding.ts'

const REQUEST_EVENTS_MAX = 50

/** Explains anything that has an id: what decided, which attribute was missing, and the next step. */
export const showWhy = operation.read({
  name: 'observe.why.show',
  summary:
    'explain a decision, refusal, token, credential, rotation, stream, grant, identity, finding, event, request or approval',
  input: z.strictObject({ id: z.string().regex(/^[a-z]{2,6}_[\w-]{1,80}(?:\.\d{1,4})?$/) }),
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
  on: ({ db, input, ports, sees, caller }) => {
    const own = ports.subjectOf[prefixOf(input.id)]
    return own === undefined ? subjectOf({ ports, db }, input.id, sees) : own(db, input.id, caller)
  },
  run: async ({ db, input, ports, now, sees }) => {
    const reason = await reasonFor({ ports, db }, input.id, { now, sees })
    if (reason === undefined) throw fault('nothing_to_explain')
    return { output: reason, evidence: { explained: input.id } }
  },
})

const prefixOf = (id: string): string => id.slice(0, id.indexOf('_'))

const reasonFor = async (
  given: Looking,
  id: string,
  { now, sees }: { readonly now: Date; readonly sees: Sees },
): Promise<Reason | undefined> => {
  const own = OWN[prefixOf(id)]
  return own === undefined ? given.ports.reasons[prefixOf(id)]?.(given.db, id, now) : own(given, id, sees)
}

/** With what is looked up. */
interface Looking {
  readonly ports: ObservePorts
  readonly db: Handle<ObserveScope> & AnyDb
}
type Sees = (subject: Subject) => boolean

const OWN: Readonly<Record<string, (given: Looking, id: string, sees: Sees) => Promise<Reason | undefined>>> = {
  evt: async ({ db }, id) => {
    const event = await eventById(db, id)
    return event && eventReason(event)
  },
  req: async (given, id, sees) => {
    const events = await eventsOfRequest(given.db, id, REQUEST_EVENTS_MAX)
    const seen: NumberedEvent[] = []
    // One request may have done something to several teams.
    for (const event of events) if (sees(await eventSubject(given, event, sees))) seen.push(event)
    return seen.length === 0 ? undefined : requestReason(id, seen)
  },
  fnd: async ({ db }, id) => {
    const finding = await findFinding(db, id)
    return finding && findingReason(finding)
  },
}

/** What the thing is about: its team may ask why. */
const subjectOf = async (given: Looking, id: string, sees: Sees): Promise<Subject> => {
  const { ports, db } = given
  const prefix = prefixOf(id)
  const find = EVENT_OF[prefix]
  if (find === undefined) {
    const identityOf = IDENTITY_OF[prefix] ?? ports.identityOf[prefix]
    return identitySubject(ports, db, (await identityOf?.(db, id)) ?? null)
  }
  // What was committed before the call has its number then.
  await ports.log.flush()
  const event = await find(db, id)
  return event === undefined ? UNOWNED : eventSubject(given, event, sees)
}

const IDENTITY_OF: Readonly<Record<string, (db: Handle<ObserveScope>, id: string) => Promise<string | null>>> = {
  nhi: async (_, id) => id,
  fnd: async (db, id) => (await findFinding(db, id))?.identity ?? null,
}

const EVENT_OF: Readonly<Record<string, (db: Handle<ObserveScope>, id: string) => Promise<NumberedEvent | undefined>>> =
  {
    evt: eventById,
    req: async (db, id) => (await eventsOfRequest(db, id, 1))[0],
    dec: eventOfDecision,
  }

/** Whose an event is: the team's that owned what it was on, and that of the identity in it; the first that is seen. */
const eventSubject = async ({ ports, db }: Looking, event: NumberedEvent, sees: Sees): Promise<Subject> => {
  const owner = await teamSubject(ports, db, event)
  if (owner !== undefined && sees(owner)) return owner
  const { on, actor } = event
  const identities = [on?.type === 'Identity' ? on.id : null, actor.principalType === 'nhi' ? actor.id : null]
  for (const id of identities) {
    const subject = id === null ? UNOWNED : await identitySubject(ports, db, id)
    if (sees(subject)) return subject
  }
  return owner ?? UNOWNED
}
