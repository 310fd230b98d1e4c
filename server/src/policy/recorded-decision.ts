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
  }),
})

/** A decision as the log tells it, with the request it was made on, as long as that is kept. */
export interface RecordedDecision {
  readonly event: z.infer<typeof Recorded>
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
  const parsed = Recorded.safeParse(found?.event)
  if (found === undefined || !parsed.success) return undefined
  const request = found.request === null ? undefined : readKept(found.request)
  return { event: parsed.data, at: new Date(parsed.data.at), request }
}
