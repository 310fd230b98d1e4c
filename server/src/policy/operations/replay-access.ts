import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { reportOnlyView } from '../plan/clean-days.ts'
import { speakOf } from '../plan/judge-both.ts'
import type { PlanWork } from '../plan/plan-work.ts'
import { planWork } from '../plan/plan-work.ts'
import { policyPlace } from '../plan/policy-place.ts'
import { type Flip, replayPage } from '../plan/replay-page.ts'
import { operation } from '../room.ts'
import { PlanId } from '../shapes.ts'
import { findPlan } from '../store-plan.ts'

const Verdict = z.object({
  isAllowed: z.boolean(),
  outcome: z.enum(['allow', 'deny']),
  actions: z.array(z.string()),
})

const DAY_MS = 24 * 60 * 60 * 1000
const DAYS_MAX = 90

/** Replays recorded decisions against a plan, a page at a time: on the entities and the context that they were made on. */
export const replayAccess = operation.read({
  name: 'policy.access.replay',
  summary: 'replay the recorded decisions of the last days against a plan, and say which it would turn',
  input: z.strictObject({
    plan: PlanId,
    days: z.number().int().min(1).max(DAYS_MAX).default(14),
    limit: z.number().int().min(1).max(10_000).default(5_000),
    cursor: z.string().max(300).optional(),
  }),
  output: z.object({
    total: z.number().nullable().describe('how many events of the log hold them, on the first page'),
    entries: z.number().describe('how many of these events this page read'),
    decisions: z.number(),
    decided: z.number().describe('decided again; no policy that changes speaks of the others'),
    flips: z.array(
      z.object({
        decision: z.string(),
        at: z.string(),
        identity: z.object({ id: z.string().nullable(), name: z.string().nullable() }),
        resource: z.object({ id: z.string(), name: z.string().nullable() }),
        actions: z.array(z.string()),
        recorded: z.enum(['allow', 'deny']),
        live: Verdict,
        planned: Verdict,
        because: z.array(z.object({ policy: z.string(), change: z.string(), place: z.string().nullable() })),
      }),
    ),
    unreplayed: z.object({
      forgotten: z.number(),
      unreadable: z.number(),
      resourceGone: z.number(),
      unknownThen: z.number().describe('about what was not registered when it was asked about'),
    }),
    reportOnly: z
      .array(
        z.object({
          kind: z.string(),
          target: z.string(),
          name: z.string(),
          since: z.string(),
          lastRefusalAt: z.string().nullable(),
        }),
      )
      .describe('what is report-only, and the last refusal on this page that was only reported'),
    nextCursor: z.string().nullable(),
  }),
  faults: ['plan_not_found', 'plan_stale'],
  on: async ({ db, input, now }) => {
    const plan = await findPlan(db, input.plan, now)
    return plan === undefined ? DEPLOYMENT : { ...DEPLOYMENT, directory: plan.input.directory }
  },
  run: async ({ db, input, ports, now }) => {
    const work = await planWork(ports, db, input.plan, now)
    const list = JSON.stringify(['policy.access.replay', input.plan, input.days])
    const after = input.cursor === undefined ? -1 : Number(ports.cursors.open(list, input.cursor)[0])
    const from = new Date(now.getTime() - input.days * DAY_MS)
    const page = { from, after, limit: input.limit }
    const done = await replayPage(ports, db, work, page)
    return {
      output: {
        total: input.cursor === undefined ? await ports.decisions.count(db, from) : null,
        entries: done.entries,
        decisions: done.decisions,
        decided: done.decided,
        flips: done.flips.map((flip) => flipView(work, flip)),
        unreplayed: { ...done.unreplayed },
        reportOnly: await reportOnlyView(ports, db, {
          modes: work.sides.live.base().stored.modes,
          reported: done.reported,
        }),
        nextCursor: done.last === undefined ? null : ports.cursors.make(list, [done.last]),
      },
    }
  },
})

const flipView = (work: PlanWork, { event, request, live, planned }: Flip) => {
  const { sides, changed } = work
  const named = sides.planned.base().resource(request.resource.id) ?? sides.live.base().resource(request.resource.id)
  const deciding = [...new Set([...planned.policies, ...live.policies])]
  // What a request that named no action loses is decided by policies that the rest of its answer does not name.
  const isNamed = deciding.some((policy) => changed.changeOf(policy) !== undefined)
  const because = (isNamed ? deciding : speakOf(work, request)).flatMap((policy) => {
    const change = changed.changeOf(policy)
    return change === undefined ? [] : [{ policy, change, place: policyPlace(work, policy) }]
  })
  return {
    decision: event.decision.id,
    at: event.at,
    identity: whoAsked(event, request),
    resource: { id: request.resource.id, name: named?.name ?? nameIn(request, request.resource) },
    actions: [...request.actions],
    recorded: event.decision.outcome,
    live: verdict(live),
    planned: verdict(planned),
    because,
  }
}

// An application asks on behalf of others: it is the subject of its question that would be refused.
const whoAsked = ({ actor }: Flip['event'], request: Flip['request']) =>
  request.of === 'evaluation' || request.principal.type === 'Reeve::Identity'
    ? { id: request.principal.id, name: nameIn(request, request.principal) }
    : { id: actor.id, name: actor.name }

const nameIn = ({ entities }: Flip['request'], { type, id }: Flip['request']['resource']): string | null => {
  const name = entities.find(({ uid }) => uid.type === type && uid.id === id)?.attrs.name
  return typeof name === 'string' ? name : type.startsWith('Reeve::') ? null : `${type}::${id}`
}

const verdict = ({ isAllowed, outcome, actions }: Flip['live']) => ({ isAllowed, outcome, actions: [...actions] })
