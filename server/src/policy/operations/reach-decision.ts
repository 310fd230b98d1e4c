import { z } from 'zod'
import { Moment } from '../../kit/text.ts'
import { judgeNow, standingOf } from '../judge-now.ts'
import { needIdentity } from '../need.ts'
import { policyLabel } from '../policy-label.ts'
import { operation } from '../room.ts'
import { Reference } from '../shapes.ts'
import { identitySubject, resourceSubject } from '../views.ts'

const LISTED_MAX = 5_000

/** Says everything that an identity may do now, on every registered resource, with what allows it. */
export const reachDecision = operation.read({
  name: 'policy.decision.reach',
  summary: 'everything that an identity may do now, and which policy or grant allows it; a simulation',
  input: z.strictObject({ identity: Reference, at: Moment.optional() }),
  output: z.object({
    simulated: z.literal(true),
    identity: z.string(),
    revision: z.string(),
    items: z.array(
      z.object({
        resource: z.string(),
        environment: z.string(),
        action: z.string(),
        effect: z.enum(['read', 'write', 'privileged', 'impersonate']),
        standing: z.enum(['yes', 'conditionally']),
        enforced: z.boolean(),
        policies: z.array(z.string()),
        by: z.array(z.string()).describe('the same as people call them: a grant by its name'),
        missing: z.array(z.string()),
      }),
    ),
    /** False where there is more than is listed. */
    isComplete: z.boolean(),
  }),
  faults: ['grant_identity'],
  on: async ({ db, input, ports }) => identitySubject(await needIdentity(ports, db, input.identity)),
  run: async ({ db, input, ports, now, sees }) => {
    const { memory } = ports
    const identity = await needIdentity(ports, db, input.identity)
    await memory.warm(identity.id)
    const grants = memory.warmed(identity.id)?.grants ?? []
    const at = input.at === undefined ? now : new Date(input.at)
    const { stored, revision } = memory.base()
    const seen = stored.resources.filter((resource) => sees(resourceSubject(resource)))
    const all = seen.flatMap((resource) =>
      resource.actions.flatMap(({ name, effect }) => {
        const judged = judgeNow(memory, { identity, resource: resource.id, action: name }, { at })
        const standing = standingOf(judged)
        if (standing === 'no') return []
        const { policies, missing, isEnforced } = judged
        return [
          {
            resource: resource.name,
            environment: resource.environment,
            action: name,
            effect,
            standing,
            enforced: isEnforced,
            policies: [...policies],
            by: policies.map((id) => policyLabel(id, grants)),
            missing: [...missing],
          },
        ]
      }),
    )
    const items = all.slice(0, LISTED_MAX)
    const isComplete = items.length === all.length
    return { output: { simulated: true as const, identity: identity.name, revision, items, isComplete } }
  },
})
