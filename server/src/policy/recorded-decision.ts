import { z } from 'zod'
import type { AnyDb } from '../kit/database.ts'
import { type RecordedRequest, readKept } from './decide/recorded-request.ts'
import { placeOfDecision, readPage } from './evaluate/decision-page.ts'
import type { PolicyPorts } from './room.ts'

// What is used of an event; the ledger holds it as it was written.
const Recorded = z.object({
  at: z.iso.datetime(),
  kind: z.string(),
  outcome: z.string(),
  actor: z.object({ principalType: z.string(), id: z.string().nullable(), name: z.string().nullable() }),
  on: z
    .object({
      type: z.string(),
      id: z.string().nullable(),
      name: z.string().nullable(),
      team: z.string().nullable().optional(),
    })
    .nullable(),
  decision: z.object({
    id: z.string(),
    outcome: z.enum(['allow', 'deny']),
    enforced: z.boolean(),
    policies: z.array(z.string()),
    revision: z.string(),
    missing: z.array(z.string()),
    request: z.string().nullish(),
  }),
})

/** An event that records a decision, as far as it is used. */
export type RecordedEvent = z.infer<typeof Recorded>

/** Reads one; undefined when it is not such an event. */
export const readRecorded = (event: unknown): RecordedEvent | undefined => {
  const parsed = Recorded.safeParse(event)
  return parsed.success ? parsed.data : undefined
}

/** A decision as the log tells it, with the request it was made on, as long as that is kept. */
export interface RecordedDecision {
  readonly event: RecordedEvent
  readonly at: Date
  readonly request: RecordedRequest | undefined
}

/** Finds a decision by its id. */
export const findDecision = async (
  ports: Pick<PolicyPorts, 'decisions'>,
  db: AnyDb,
  id: string,
): Promise<RecordedDecision | undefined> => {
  const place = placeOfDecision(id)
  if (place !== undefined) return findPaged(ports, db, id, place)
  const found = await ports.decisions.find(db, id)
  const event = readRecorded(found?.event)
  if (found === undefined || event === undefined) return undefined
  const request = found.request === null ? undefined : readKept(found.request)
  return { event, at: new Date(event.at), request }
}

// Of a page of decisions the event names only the page; each decision stands there, with what it was made on.
const findPaged = async (
  ports: Pick<PolicyPorts, 'decisions'>,
  db: AnyDb,
  id: string,
  { page, at }: { readonly page: string; readonly at: number },
): Promise<RecordedDecision | undefined> => {
  const found = await ports.decisions.find(db, page)
  const decided = readPage(found?.request ?? '')[at]
  if (found === undefined || decided === undefined) return undefined
  const { outcome, enforced, policies, revision, missing, resource, kept } = decided.decision
  const decision = { id, outcome, enforced, policies, revision, missing }
  const on = { type: resource.type, id: resource.id, name: resource.id }
  const parsed = Recorded.safeParse({ ...Object(found.event), on, decision })
  if (!parsed.success) return undefined
  const request = kept === null ? decided.request : readKept((await ports.decisions.kept(db, kept)) ?? '')
  return { event: parsed.data, at: new Date(parsed.data.at), request }
}
