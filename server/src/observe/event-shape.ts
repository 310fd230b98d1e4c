import { z } from 'zod'
import { Moment } from '../kit/text.ts'
import { OUTCOMES } from '../ledger/event.ts'

const Nullable = z.string().nullable()

/** An event as answered: just as it stands in the log, with its number. */
export const EventOutput = z.object({
  seq: z.number(),
  id: z.string(),
  at: Moment,
  schemaVersion: z.number(),
  kind: z.string(),
  outcome: z.enum(OUTCOMES),
  code: Nullable,
  actor: z.object({ principalType: z.enum(['human', 'nhi', 'automation', 'anonymous']), id: Nullable, name: Nullable }),
  instance: Nullable,
  credential: Nullable,
  token: Nullable,
  workflow: z.object({ name: z.string(), repository: Nullable, run: Nullable }).nullable(),
  on: z
    .object({
      type: z.string(),
      id: Nullable,
      name: Nullable,
      environment: Nullable,
      /** Whose it was then; events from before teams were kept do not say. */
      team: Nullable.optional(),
    })
    .nullable(),
  change: z.array(z.object({ field: z.string(), before: Nullable, after: Nullable })).readonly(),
  decision: z
    .object({
      id: z.string(),
      outcome: z.enum(['allow', 'deny']),
      enforced: z.boolean(),
      policies: z.array(z.string()).readonly(),
      revision: z.string(),
      missing: z.array(z.string()).readonly(),
      request: Nullable,
    })
    .nullable(),
  approval: Nullable,
  evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  tags: z.record(z.string(), z.string()),
  source: z.object({ ip: Nullable, region: Nullable, userAgent: Nullable }),
  correlation: z.object({ requestId: z.string(), traceparent: Nullable, cause: Nullable }),
})
