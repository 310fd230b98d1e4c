import { z } from 'zod'
import type { AnyTx } from '../../kit/database.ts'
import { UNOWNED } from '../../kit/operation.ts'
import { MODE_KINDS, type ReportOnly } from '../domain/policy-set.ts'
import { policyFault } from '../faults.ts'
import { ModeView, modeTarget, modeView } from '../mode-target.ts'
import { operation, type PolicyPorts } from '../room.ts'
import { Reference } from '../shapes.ts'
import { removeImported, removeMode } from '../store-mode.ts'

const DIRECTORY = 'directory'

const Input = z.strictObject({
  kind: z.enum([...MODE_KINDS, DIRECTORY]).describe('`directory`: all that is still report-only of its first import'),
  target: Reference,
})

// Of one event and one answer.
const TOLD_MAX = 200

/** Enforces what was report-only. */
export const promoteMode = operation.write({
  name: 'policy.mode.promote',
  summary: 'enforce what was report-only',
  input: Input,
  output: ModeView.extend({
    kind: z.enum([...MODE_KINDS, DIRECTORY]),
    promoted: z.number().int().describe('how many things are enforced by it'),
  }),
  faults: ['mode_not_found', 'grant_identity', 'resource_not_found'],
  on: async ({ tx, input, ports }) => {
    const { kind, target } = input
    return (kind === DIRECTORY ? undefined : (await modeTarget(ports, tx, { kind, target })).subject) ?? UNOWNED
  },
  run: async ({ tx, input, ports }) => {
    const ended = await ending(tx, ports, input)
    const [was] = ended
    if (was === undefined) throw policyFault('mode_not_found', { about: `${input.kind} ${input.target}` })
    const view = await modeView(ports, tx, was)
    const { kind, target } = input
    const of = kind === DIRECTORY ? { kind, target, name: target } : {}
    return {
      output: { ...view, ...of, promoted: ended.length },
      change: ended.slice(0, TOLD_MAX).map((mode) => ({
        field: `mode of ${mode.kind} ${mode.target}`,
        before: 'report-only',
        after: 'enforced',
      })),
      evidence: { promoted: ended.length },
      signals: [{ topic: 'policy', key: '*' }],
    }
  },
})

const ending = async (
  tx: AnyTx,
  ports: PolicyPorts,
  { kind, target }: z.infer<typeof Input>,
): Promise<readonly ReportOnly[]> => {
  if (kind === DIRECTORY) return removeImported(tx, target)
  const was = await removeMode(tx, kind, (await modeTarget(ports, tx, { kind, target })).id)
  return was === undefined ? [] : [was]
}
