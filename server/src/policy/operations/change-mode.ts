import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { Line } from '../../kit/text.ts'
import { policyFault } from '../faults.ts'
import { isGuardrail } from '../memory/base.ts'
import { ModeView, modeTarget } from '../mode-target.ts'
import { operation } from '../room.ts'
import { ModeKindInput, Reference } from '../shapes.ts'
import { putMode } from '../store-mode.ts'

/** Makes an identity, a resource or a policy report-only: what it would refuse is recorded and not enforced. */
export const changeMode = operation.write({
  name: 'policy.mode.change',
  summary: 'make an identity, a resource or a policy report-only: refusals are recorded and not enforced',
  input: z.strictObject({ kind: ModeKindInput, target: Reference, reason: Line(500) }),
  output: ModeView,
  faults: ['mode_never', 'policy_not_found', 'grant_identity', 'resource_not_found'],
  on: async ({ tx, input, ports }) => (await modeTarget(ports, tx, input)).subject ?? DEPLOYMENT,
  run: async ({ tx, input, ports, now, caller }) => {
    const { id } = await modeTarget(ports, tx, input)
    if (input.kind === 'policy') {
      const source = ports.memory.trial().get(id)
      if (source === undefined || source.kind === 'grant') throw policyFault('policy_not_found', { about: id })
      if (isGuardrail(source)) throw policyFault('mode_never', { about: id })
    }
    const mode = { kind: input.kind, target: id, reason: input.reason, since: now, by: caller.actor.id }
    await putMode(tx, mode)
    return {
      output: { ...mode, since: now.toISOString() },
      change: [{ field: `mode of ${input.kind} ${id}`, before: 'enforced', after: 'report-only' }],
      evidence: { reason: input.reason },
      signals: [{ topic: 'policy', key: '*' }],
    }
  },
})
