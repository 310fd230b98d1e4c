import { hash } from 'node:crypto'
import { z } from 'zod'
import type { AnyTx } from '../../kit/database.ts'
import { readMoment } from '../../kit/moment.ts'
import { UNOWNED } from '../../kit/operation.ts'
import { Line } from '../../kit/text.ts'
import { neededAt } from '../../needed.ts'
import type { Needed } from '../../settings.ts'
import { createApproving } from '../approving.ts'
import { MODE_DAYS_MAX } from '../domain/policy-set.ts'
import { policyFault } from '../faults.ts'
import { isGuardrail } from '../memory/base.ts'
import { ModeView, modeTarget, modeView } from '../mode-target.ts'
import { operation, type PolicyPorts } from '../room.ts'
import { ApprovalId, Expiry, ModeKindInput, Reference } from '../shapes.ts'
import { putMode } from '../store-mode.ts'

const DIGEST_CHARS = 16
const DAY_MS = 24 * 60 * 60 * 1000

/** Makes an identity, a resource or a policy report-only: what it would refuse is recorded and not enforced. */
export const changeMode = operation.write({
  name: 'policy.mode.change',
  summary: 'make an identity, a resource or a policy report-only for a while, with an approval',
  input: z.strictObject({
    kind: ModeKindInput,
    target: Reference,
    reason: Line(500),
    expiresAt: Expiry.default('14d'),
    approval: ApprovalId,
  }),
  output: ModeView,
  faults: ['mode_never', 'mode_expiry', 'policy_not_found', 'grant_identity', 'resource_not_found'],
  on: async ({ tx, input, ports }) => (await modeTarget(ports, tx, input)).subject ?? UNOWNED,
  run: async ({ tx, input, ports, now, caller }) => {
    const { id, subject } = await modeTarget(ports, tx, input)
    let text: string | undefined
    if (input.kind === 'policy') {
      const source = ports.memory.trial().get(id)
      if (source === undefined || source.kind === 'grant') throw policyFault('policy_not_found', { about: id })
      if (isGuardrail(source)) throw policyFault('mode_never', { about: id })
      text = source.text
    }
    const expiresAt = readMoment(input.expiresAt, now)
    if (expiresAt === undefined || expiresAt <= now || expiresAt.getTime() > now.getTime() + MODE_DAYS_MAX * DAY_MS)
      throw policyFault('mode_expiry', { about: input.expiresAt })
    const by = caller.actor.id
    const call = { operation: 'policy.mode.change', input, requester: by, now, isDryRun: false }
    const approving = createApproving(tx, ports, { ...call, approval: input.approval })
    approving.need(await modeNeeds(tx, ports, input.kind, id, text))
    const approval = await approving.settle()
    const mode = { kind: input.kind, target: id, reason: input.reason, since: now, expiresAt, by, within: null }
    await putMode(tx, mode, subject?.team ?? null)
    return {
      output: await modeView(ports, tx, mode),
      change: [{ field: `mode of ${input.kind} ${id}`, before: 'enforced', after: 'report-only' }],
      evidence: { reason: input.reason, expiresAt: expiresAt.toISOString() },
      ...(approval === undefined ? {} : { approval }),
      signals: [{ topic: 'policy', key: '*' }],
    }
  },
})

// Whose word counts is nobody's team's: an identity in this mode reaches what belongs to others. One of high risk takes
// its owner's as well.
const modeNeeds = async (
  tx: AnyTx,
  ports: PolicyPorts,
  kind: z.infer<typeof ModeKindInput>,
  target: string,
  text: string | undefined,
): Promise<Needed> => {
  // INVARIANT: who approves that a policy is tried out approves what it says now: its id may come to name another.
  const asItIs = text === undefined ? '' : ` (${hash('sha256', text, 'base64url').slice(0, DIGEST_CHARS)})`
  const why = `what ${kind} ${target}${asItIs} is refused would only be reported`
  const identity = kind === 'identity' ? await ports.identities.find(tx, target) : undefined
  return identity?.tier === 'high'
    ? neededAt('high', [identity.owner.id], why)
    : { need: 'one', teams: [null], why: [why] }
}
