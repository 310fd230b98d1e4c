import { z } from 'zod'
import { type Callout, policyCallouts } from '../plan/callouts.ts'
import { compareRights, type RightChange } from '../plan/compare-rights.ts'
import { needPlan, planSubject, wholePlan } from '../plan/plan-subjects.ts'
import { type PlanWork, planWork } from '../plan/plan-work.ts'
import { policyPlace } from '../plan/policy-place.ts'
import { operation } from '../room.ts'
import { PlanId } from '../shapes.ts'
import { identitySubject, resourceSubject } from '../views.ts'

const SHOWN_MAX = 5_000

const LevelView = z.enum(['none', 'conditional', 'always'])

/** Says who would gain and lose which action on which resource, over the whole register. */
export const compareAccess = operation.read({
  name: 'policy.access.compare',
  summary: 'say who would gain and who would lose which action on which resource by a plan',
  input: z.strictObject({ plan: PlanId }),
  output: z.object({
    identities: z.number().describe('how many were looked at'),
    counts: z.object({ gains: z.number(), loses: z.number(), 'on-other-terms': z.number() }),
    callouts: z
      .array(
        z.object({
          kind: z.enum(['privileged', 'cross-environment', 'approval', 'guardrail', 'control-plane']),
          text: z.string(),
          place: z.string().nullable(),
        }),
      )
      .describe('to be seen before anything else'),
    changes: z
      .array(
        z.object({
          how: z.enum(['gains', 'loses', 'on-other-terms']),
          identity: z.object({ id: z.string(), name: z.string(), environment: z.string(), state: z.string() }),
          resource: z.object({ id: z.string(), name: z.string(), environment: z.string() }),
          action: z.string(),
          effect: z.string().nullable(),
          before: LevelView,
          after: LevelView,
          via: z.array(z.object({ policy: z.string(), place: z.string().nullable() })),
        }),
      )
      .describe(`at most ${SHOWN_MAX}, what is privileged or crosses environments first; \`counts\` are of all`),
  }),
  faults: ['plan_not_found', 'plan_stale'],
  on: ({ db, input, ports, caller, now }) => planSubject(ports, db, { plan: input.plan, caller, now }),
  run: async ({ db, input, ports, now, sees }) => {
    const isWhole = sees(wholePlan(await needPlan(db, input.plan, now)))
    const isShown = seenOnce(({ identity, resource }: RightChange) =>
      isWhole ? true : sees(identitySubject(identity)) || sees(resourceSubject(resource)),
    )
    const work = await planWork(ports, db, input.plan, now)
    const counts = { gains: 0, loses: 0, 'on-other-terms': 0 }
    const first: RightChange[] = []
    const rest: RightChange[] = []
    const identities = await compareRights(ports, db, work, now, (change) => {
      if (!isShown(change)) return
      counts[change.how]++
      const list = isCalledOut(change) ? first : rest
      if (list.length < SHOWN_MAX) list.push(change)
    })
    return {
      output: {
        identities,
        counts,
        callouts: [
          ...first.slice(0, CALLED_MAX).map((change) => callout(work, change)),
          ...(isWhole ? policyCallouts(work) : []),
        ],
        changes: [...first, ...rest].slice(0, SHOWN_MAX).map((change) => changeView(work, change)),
      },
    }
  },
})

const CALLED_MAX = 200

// The same identity and resource are asked about for each of their actions.
const seenOnce = (isSeen: (change: RightChange) => boolean): ((change: RightChange) => boolean) => {
  const known = new Map<string, boolean>()
  return (change) => {
    const key = `${change.identity.id} ${change.resource.id}`
    const answer = known.get(key) ?? isSeen(change)
    known.set(key, answer)
    return answer
  }
}

const isCalledOut = ({ how, isPrivileged, isCrossEnvironment }: RightChange): boolean =>
  how !== 'loses' && (isPrivileged || isCrossEnvironment)

const callout = (work: PlanWork, change: RightChange): Callout => {
  const { identity, resource, action, effect, isPrivileged, after } = change
  const how = change.how === 'gains' ? 'gains' : 'would have on other terms'
  const where = isPrivileged ? `which is ${effect}` : `from ${identity.environment} into ${resource.environment}`
  return {
    kind: isPrivileged ? 'privileged' : 'cross-environment',
    text: `${identity.name} ${how} ${action} on ${resource.name}, ${where}`,
    place: after.via[0] === undefined ? null : policyPlace(work, after.via[0]),
  }
}

const VIA_MAX = 10

const changeView = (work: PlanWork, { how, identity, resource, action, effect, before, after }: RightChange) => ({
  how,
  identity: { id: identity.id, name: identity.name, environment: identity.environment, state: identity.state },
  resource: { id: resource.id, name: resource.name, environment: resource.environment },
  action,
  effect: effect ?? null,
  before: before.level,
  after: after.level,
  via: (how === 'loses' ? before : after).via
    .slice(0, VIA_MAX)
    .map((policy) => ({ policy, place: policyPlace(work, policy) })),
})
