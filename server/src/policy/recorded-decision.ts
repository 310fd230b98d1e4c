import { z } from 'zod'
import type { AnyDb } from '../kit/database.ts'
import { namesOfUses } from '../ledger/shared-event.ts'
import { type RecordedRequest, readKept } from './decide/recorded-request.ts'
import { placeOfDecision } from './evaluate/decision-page.ts'
import { type PagedDecision, readPage } from './evaluate/read-page.ts'
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
  evidence: z.object({ chain: z.string().optional(), uses: z.number().optional() }).optional().catch(undefined),
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

/** One such event for each decision that it stands for. */
export const eachOf = (event: RecordedEvent): readonly RecordedEvent[] => {
  const { decision } = event
  const names = namesOfUses({ evidence: { uses: event.evidence?.uses ?? null } }, decision.id)
  return names.length === 1 ? [event] : names.map((id) => ({ ...event, decision: { ...decision, id } }))
}

const Paged = Recorded.omit({ on: true, decision: true }).extend({
  evidence: z.object({ decisionPage: z.string(), digest: z.string(), decisions: z.number() }),
})

/** An event that names a page of decisions. */
export type PagedEvent = z.infer<typeof Paged>

/** Reads one; undefined when it is not such an event. */
export const readPaged = (event: unknown): PagedEvent | undefined => {
  // Most events are none, and what fails to parse costs more than what does.
  if (typeof Reflect.get(Object(Reflect.get(Object(event), 'evidence')), 'decisionPage') !== 'string') return undefined
  const parsed = Paged.safeParse(event)
  return parsed.success ? parsed.data : undefined
}

/** Of a page the event names only the page; one of its decisions as if it had an event of its own. */
export const eventOfPage = (event: PagedEvent, { decision: decided }: PagedDecision, at: number): RecordedEvent => {
  const { outcome, enforced, policies, revision, missing, resource } = decided
  const id = `${event.evidence.decisionPage}.${at}`
  return {
    at: event.at,
    kind: event.kind,
    outcome: event.outcome,
    actor: event.actor,
    on: { type: resource.type, id: resource.id, name: resource.id },
    decision: { id, outcome, enforced, policies, revision, missing },
  }
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
  if (place !== undefined) return findPaged(ports, db, place)
  const found = await ports.decisions.find(db, id)
  const event = readRecorded(found?.event)
  if (found === undefined || event === undefined) return undefined
  const request = found.request === null ? undefined : readKept(found.request)
  return { event, at: new Date(event.at), request }
}

/** One of the decisions of an event that holds many uses: all of them were made on the same. */
const decidedOfUse = (shared: RecordedEvent, text: string | null, at: number): RecordedDecision | undefined => {
  const event = eachOf(shared)[at]
  if (event === undefined || event === shared) return undefined
  return { event, at: new Date(event.at), request: text === null ? undefined : readKept(text) }
}

const findPaged = async (
  ports: Pick<PolicyPorts, 'decisions'>,
  db: AnyDb,
  { page, at }: { readonly page: string; readonly at: number },
): Promise<RecordedDecision | undefined> => {
  const found = await ports.decisions.find(db, page)
  const shared = readRecorded(found?.event)
  if (shared !== undefined) return decidedOfUse(shared, found?.request ?? null, at)
  const decided = readPage(found?.request ?? '')[at]
  const paged = readPaged(found?.event)
  if (paged === undefined || decided === undefined) return undefined
  const { kept } = decided.decision
  const text = kept === null ? undefined : (await ports.decisions.kept(db, [kept])).get(kept)
  const request = text === undefined ? decided.request : readKept(text)
  return { event: eventOfPage(paged, decided, at), at: new Date(paged.at), request }
}
