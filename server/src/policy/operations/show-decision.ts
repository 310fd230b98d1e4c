import { z } from 'zod'
import { DecisionId, PolicyView } from '../decision-shapes.ts'
import { decisionSubject } from '../decision-subject.ts'
import { policyFault } from '../faults.ts'
import { findDecision } from '../recorded-decision.ts'
import { operation } from '../room.ts'
import { reasonOf } from '../why-decision.ts'

/** Shows a recorded decision: what decided, what was missing, and what would allow it now. */
export const showDecision = operation.read({
  name: 'policy.decision.show',
  summary: 'show a decision: the policies that decided, what was missing, and what would allow it',
  input: z.strictObject({ decision: DecisionId }),
  output: z.object({
    id: z.string(),
    at: z.string(),
    kind: z.string(),
    outcome: z.enum(['allow', 'deny']),
    enforced: z.boolean(),
    revision: z.string(),
    servingRevision: z.string(),
    summary: z.string(),
    because: z.array(z.string()),
    policies: z.array(PolicyView),
    missing: z.array(z.string()),
    wouldAllow: z.string().nullable(),
    next: z.string(),
  }),
  faults: ['decision_not_found'],
  on: async ({ db, input, ports }) => decisionSubject(ports, db, await needed(ports, db, input.decision)),
  run: async ({ db, input, ports, now }) => {
    const decided = await needed(ports, db, input.decision)
    const { at, kind, decision } = decided.event
    const reason = await reasonOf(ports, db, decided, now)
    return {
      output: {
        ...reason,
        at,
        kind,
        outcome: decision.outcome,
        enforced: decision.enforced,
        revision: decision.revision,
        servingRevision: ports.memory.base().revision,
        because: [...reason.because],
        policies: [...reason.policies],
        missing: [...reason.missing],
      },
      evidence: { decision: decision.id },
    }
  },
})

const needed = async (
  ports: Parameters<typeof findDecision>[0],
  db: Parameters<typeof findDecision>[1],
  id: string,
) => {
  const found = await findDecision(ports, db, id)
  if (found === undefined) throw policyFault('decision_not_found', { about: id })
  return found
}
