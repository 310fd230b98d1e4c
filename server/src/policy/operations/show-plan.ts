import { z } from 'zod'
import { PlannedView } from '../directory.ts'
import { needPlan, planSubject, subjectsOf, wholePlan } from '../plan/plan-subjects.ts'
import { operation } from '../room.ts'
import { PlanId } from '../shapes.ts'

/** Shows a kept plan to whoever is to approve it: exactly what applying it would do. */
export const showPlan = operation.read({
  name: 'policy.plan.show',
  summary: 'show a plan that is kept: what applying it would do, field by field, and why that needs an approval',
  input: z.strictObject({ plan: PlanId }),
  output: z.object({
    plan: z.string(),
    directory: z.string(),
    at: z.string(),
    by: z.string().nullable().describe('who made it'),
    expiresAt: z.string(),
    revision: z.object({ before: z.string(), after: z.string() }),
    needsApproval: z.array(z.string()),
    objects: z.array(PlannedView).describe('what would change'),
    unchanged: z.number(),
    hidden: z.number().describe('changes of what belongs to others, which you may not see'),
  }),
  faults: ['plan_not_found'],
  on: ({ db, input, ports, caller, now }) => planSubject(ports, db, { plan: input.plan, caller, now }),
  run: async ({ db, input, ports, now, sees }) => {
    const plan = await needPlan(db, input.plan, now)
    const changed = plan.objects.filter(({ verb }) => verb !== 'unchanged')
    const isWhole = sees(wholePlan(plan))
    const objects = []
    for (const object of changed)
      if (isWhole || (await subjectsOf(ports, db, plan, object)).some(sees)) objects.push(object)
    return {
      output: {
        plan: plan.id,
        directory: plan.input.directory,
        at: plan.at.toISOString(),
        by: plan.by,
        expiresAt: plan.expiresAt.toISOString(),
        revision: { ...plan.revision },
        needsApproval: [...plan.needsApproval],
        objects,
        unchanged: plan.objects.length - changed.length,
        hidden: changed.length - objects.length,
      },
    }
  },
})
