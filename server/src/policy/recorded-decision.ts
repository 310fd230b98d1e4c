import { z } from 'zod'
import type { AnyDb } from '../kit/database.ts'
import { type RecordedRequest, readKept } from './decide/recorded-request.ts'
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
  const found = await ports.decisions.find(db, id)
  const event = readRecorded(found?.event)
  if (found === undefined || event === undefined) return undefined
  const request = found.request === null ? undefined : readKept(found.request)
  return { event, at: new Date(event.at), request }
}
