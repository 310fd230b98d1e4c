import { z } from 'zod'
import { judgeRecorded } from '../decide/judge-recorded.ts'
import { DecisionId, PolicyView } from '../decision-shapes.ts'
import { decisionSubject } from '../decision-subject.ts'
import { namePolicy } from '../explain.ts'
import { policyFault } from '../faults.ts'
import { findDecision } from '../recorded-decision.ts'
import { operation } from '../room.ts'

/** Decides a recorded request again, on what it was decided on then, by what is in force now. */
export const replayDecision = operation.read({
  name: 'policy.decision.replay',
  summary: 'decide a recorded request again by the policies of now',
  input: z.strictObject({ decision: DecisionId }),
  output: z.object({
    id: z.string(),
    flipped: z.boolean(),
    before: z.object({ outcome: z.enum(['allow', 'deny']), enforced: z.boolean(), revision: z.string() }),
    now: z.object({ outcome: z.enum(['allow', 'deny']), enforced: z.boolean(), revision: z.string() }),
    policies: z.array(PolicyView),
    missing: z.array(z.string()),
  }),
  faults: ['decision_not_found', 'decision_forgotten'],
  on: async ({ db, input, ports }) => {
    const found = await findDecision(ports, db, input.decision)
    if (found === undefined) throw policyFault('decision_not_found', { about: input.decision })
    return decisionSubject(ports, db, found)
  },
  run: async ({ db, input, ports }) => {
    const found = await findDecision(ports, db, input.decision)
    if (found === undefined) throw policyFault('decision_not_found', { about: input.decision })
    const { request, event, at } = found
    if (request === undefined) throw policyFault('decision_forgotten', { about: input.decision })
    await ports.memory.warm(request.principal.id)
    const again = judgeRecorded(ports.memory, request, at)
    const { outcome, enforced, revision } = event.decision
    return {
      output: {
        id: event.decision.id,
        flipped: again.outcome !== outcome || again.isEnforced !== enforced,

        before: { outcome, enforced, revision },
        now: { outcome: again.outcome, enforced: again.isEnforced, revision: again.revision },
        policies: again.policies.map((id) => namePolicy(ports.memory, id)),
        missing: [...again.missing],
      },
      evidence: { decision: event.decision.id },
    }
  },
})
