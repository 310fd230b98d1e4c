import { z } from 'zod'
import type { AnyDb } from '../../kit/database.ts'
import { type Caller, DEPLOYMENT } from '../../kit/operation.ts'
import { Line, Moment } from '../../kit/text.ts'
import { appendEvents } from '../../ledger/append.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { type ObservePorts, operation } from '../room.ts'

const BATCH_MAX = 500
const SKEW_MS = 60_000
const AGE_MS_MAX = 30 * 24 * 60 * 60 * 1000

const Report = z.strictObject({
  at: Moment,
  token: z.string().regex(/^[\w-]{43}$/),
  identity: z.string().regex(/^nhi_[\w-]{1,60}$/),
  credential: z
    .string()
    .regex(/^crd_[\w-]{1,60}$/)
    .optional(),
  instance: Line(200).optional(),
  audience: Line(500),
  action: Line(200).nullable(),
  outcome: z.enum(['allowed', 'refused']),
  code: z
    .string()
    .regex(/^[\w.-]{1,100}$/)
    .nullable(),
  ip: Line(64).nullable(),
})

const REFUSALS = ['not_served_by_you', 'unknown_identity', 'time_out_of_range'] as const

/** Takes what a verifier saw identities do. Each report is an event of its own; a bad one is refused alone. */
export const reportUse = operation.write({
  name: 'observe.use.report',
  summary: 'reports what identities were seen to do at a resource that the caller serves',
  input: z.strictObject({ reports: z.array(Report).max(BATCH_MAX) }),
  output: z.object({
    accepted: z.number(),
    refused: z.array(z.object({ index: z.number(), code: z.enum(REFUSALS) })),
  }),
  faults: [],
  principals: ['nhi'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, caller, ports, now }) => {
    const names = await identityNames(ports, tx, input.reports)
    const judged = input.reports.map((report, index) => ({
      report,
      index,
      code: refusalOf(report, {
        isServed: ports.resources.isServedBy(report.audience, caller.actor.id ?? ''),
        names,
        now,
      }),
    }))
    const drafts = judged
      .filter(({ code }) => code === undefined)
      .map(({ report }) => toDraft(report, names.get(report.identity) ?? null, caller))
    await appendEvents(tx, drafts, { random: ports.random, now })
    const refused = judged.flatMap(({ index, code }) => (code === undefined ? [] : [{ index, code }]))
    return {
      output: { accepted: drafts.length, refused },
      evidence: { accepted: drafts.length, refused: refused.length },
    }
  },
})

type UseReport = z.infer<typeof Report>

const refusalOf = (
  report: UseReport,
  known: { isServed: boolean; names: ReadonlyMap<string, string>; now: Date },
): (typeof REFUSALS)[number] | undefined => {
  if (!known.isServed) return 'not_served_by_you'
  if (!known.names.has(report.identity)) return 'unknown_identity'
  const ageMs = known.now.getTime() - new Date(report.at).getTime()
  return ageMs < -SKEW_MS || ageMs > AGE_MS_MAX ? 'time_out_of_range' : undefined
}

const identityNames = async (
  ports: ObservePorts,
  db: AnyDb,
  reports: readonly UseReport[],
): Promise<ReadonlyMap<string, string>> => {
  const names = new Map<string, string>()
  for (const id of new Set(reports.map(({ identity }) => identity))) {
    const found = await ports.identities.find(db, id)
    if (found?.id === id) names.set(id, found.name)
  }
  return names
}

/** The use as an event: the one who acted is the identity, not the one who reports. */
const toDraft = (report: UseReport, name: string | null, caller: Caller): EventDraft => ({
  kind: 'observe.use.report',
  outcome: report.outcome === 'allowed' ? 'done' : 'refused',
  code: report.code,
  actor: { principalType: 'nhi', id: report.identity, name },
  instance: report.instance ?? null,
  credential: report.credential ?? null,
  token: report.token,
  workflow: null,
  on: { type: 'Resource', id: null, name: report.audience, environment: null },
  change: [],
  decision: null,
  approval: null,
  evidence: {
    audience: report.audience,
    action: report.action,
    usedAt: new Date(report.at).toISOString(),
    reportedBy: caller.actor.id,
  },
  tags: {},
  source: { ip: report.ip, region: null, userAgent: null },
  correlation: { requestId: caller.requestId, traceparent: caller.traceparent, cause: null },
})
