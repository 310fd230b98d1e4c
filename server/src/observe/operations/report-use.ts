import { z } from 'zod'
import { askedBy } from '../../kit/asked-by.ts'
import type { AnyDb } from '../../kit/database.ts'
import { type Caller, DEPLOYMENT } from '../../kit/operation.ts'
import { Line, Moment } from '../../kit/text.ts'
import { appendEvents } from '../../ledger/append.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { type IssuedUse, issuedTokens, tokenKey } from '../issued-tokens.ts'
import { type KnownIdentity, type ObservePorts, operation } from '../room.ts'

const BATCH_MAX = 500
const SKEW_MS = 60_000
// Verifiers allow for clocks that differ when they judge the end of a token.
const GRACE_MS = 2 * 60_000
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
  /** When the token was issued, in seconds since 1970: where it is looked for in the log. */
  issuedAt: z.number().int().min(0).max(100_000_000_000).optional(),
  audience: Line(500),
  action: Line(200).nullable(),
  outcome: z.enum(['allowed', 'refused']),
  code: z
    .string()
    .regex(/^[\w.-]{1,100}$/)
    .nullable(),
  ip: Line(64).nullable(),
})

const REFUSALS = ['not_served_by_you', 'unknown_action', 'unknown_token', 'time_out_of_range'] as const

/** Takes what a verifier saw identities do. Each report is an event of its own; a bad one is refused alone. */
export const reportUse = operation.write({
  name: 'observe.use.report',
  summary: 'report what identities were seen to do at a resource that the caller serves',
  input: z.strictObject({ reports: z.array(Report).max(BATCH_MAX) }),
  output: z.object({
    accepted: z.number(),
    refused: z.array(z.object({ index: z.number(), code: z.enum(REFUSALS) })),
  }),
  faults: [],
  principals: ['nhi'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, caller, ports, now }) => {
    const served = input.reports.filter((report) => servedOf(ports, report, caller) !== undefined)
    const identities = await knownIdentities(ports, tx, served)
    const timely = served.filter((report) => identities.has(report.identity) && isTimely(report, now))
    const issued = await issuedTokens(tx, timely)
    const judged = input.reports.map((report, index) => {
      const identity = identities.get(report.identity)
      const resource = servedOf(ports, report, caller)
      const known = { resource, identity, issued: issued.get(tokenKey(report)), now }
      return { report, index, identity, issued: known.issued, code: refusalOf(report, known) }
    })
    const drafts = judged.flatMap(({ report, code, identity, issued }) =>
      code !== undefined || identity === undefined || issued === undefined
        ? []
        : [toDraft(report, { identity, issued, caller })],
    )
    await appendEvents(tx, drafts, { random: ports.random, now })
    const refused = judged.flatMap(({ index, code }) => (code === undefined ? [] : [{ index, code }]))
    return {
      output: { accepted: drafts.length, refused },
      evidence: {
        accepted: drafts.length,
        refused: refused.length,
        usesAllowed: drafts.filter(({ outcome }) => outcome === 'done').length,
        usesRefused: drafts.filter(({ outcome }) => outcome === 'refused').length,
      },
    }
  },
})

type UseReport = z.infer<typeof Report>

const servedOf = (ports: ObservePorts, report: UseReport, caller: Caller) =>
  ports.resources.served(report.audience, caller.actor.id ?? '')

const refusalOf = (
  report: UseReport,
  known: {
    readonly resource: { readonly actions: readonly string[] } | undefined
    readonly issued: IssuedUse | undefined
    readonly now: Date
  },
): (typeof REFUSALS)[number] | undefined => {
  const { resource, issued, now } = known
  if (resource === undefined) return 'not_served_by_you'
  if (report.action !== null && !resource.actions.includes(report.action)) return 'unknown_action'
  if (!isTimely(report, now)) return 'time_out_of_range'
  if (issued === undefined || !isOfToken(report, issued)) return 'unknown_token'
  const atMs = Date.parse(report.at)
  if (atMs < issued.issuedAtMs - SKEW_MS) return 'time_out_of_range'
  return report.outcome === 'allowed' && atMs > issued.endsAtMs + GRACE_MS ? 'time_out_of_range' : undefined
}

const isTimely = (report: UseReport, now: Date): boolean => {
  const ageMs = now.getTime() - Date.parse(report.at)
  return ageMs >= -SKEW_MS && ageMs <= AGE_MS_MAX
}

// What a report says of the token must be what the log says of it; one for another audience can only have been refused.
const isOfToken = (report: UseReport, issued: IssuedUse): boolean =>
  (report.outcome === 'refused' || report.audience === issued.audience) &&
  (report.credential === undefined || report.credential === issued.credential) &&
  (report.instance === undefined || report.instance === issued.instance)

const knownIdentities = async (
  ports: ObservePorts,
  db: AnyDb,
  reports: readonly UseReport[],
): Promise<ReadonlyMap<string, KnownIdentity>> => {
  const known = new Map<string, KnownIdentity>()
  for (const id of new Set(reports.map(({ identity }) => identity))) {
    const found = await ports.identities.find(db, id)
    if (found?.id === id) known.set(id, found)
  }
  return known
}

/** The use as an event: the one who acts in it is who reports, and it is on the identity that is said to have acted. */
const toDraft = (
  report: UseReport,
  known: { readonly identity: KnownIdentity; readonly issued: IssuedUse; readonly caller: Caller },
): EventDraft => {
  const { identity, issued, caller } = known
  return {
    kind: 'observe.use.report',
    outcome: report.outcome === 'allowed' ? 'done' : 'refused',
    code: report.code,
    ...askedBy(caller),
    on: {
      type: 'Identity',
      id: identity.id,
      name: identity.name,
      environment: identity.environment,
      team: identity.owner.id,
    },
    change: [],
    decision: null,
    approval: null,
    evidence: {
      audience: report.audience,
      action: report.action,
      usedAt: new Date(report.at).toISOString(),
      usedFrom: report.ip,
      usedToken: report.token,
      usedCredential: issued.credential,
      usedInstance: issued.instance,
    },
    tags: {},
  }
}
