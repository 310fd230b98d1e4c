import { z } from 'zod'
import { UNOWNED } from '../../kit/operation.ts'
import { policyFault } from '../faults.ts'
import { ModeView, modeTarget, modeView } from '../mode-target.ts'
import { operation } from '../room.ts'
import { ModeKindInput, Reference } from '../shapes.ts'
import { removeMode } from '../store-mode.ts'

/** Enforces what was report-only. */
export const promoteMode = operation.write({
  name: 'policy.mode.promote',
  summary: 'enforce what was report-only',
  input: z.strictObject({ kind: ModeKindInput, target: Reference }),
  output: ModeView,
  faults: ['mode_not_found', 'grant_identity', 'resource_not_found'],
  on: async ({ tx, input, ports }) => (await modeTarget(ports, tx, input)).subject ?? UNOWNED,
  run: async ({ tx, input, ports }) => {
    const { id } = await modeTarget(ports, tx, input)
    const was = await removeMode(tx, input.kind, id)
    if (was === undefined) throw policyFault('mode_not_found', { about: `${input.kind} ${input.target}` })
    return {
      output: await modeView(ports, tx, was),
      change: [{ field: `mode of ${input.kind} ${id}`, before: 'report-only', after: 'enforced' }],
      signals: [{ topic: 'policy', key: '*' }],
    }
  },
})
