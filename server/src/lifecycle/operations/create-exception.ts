import { z } from 'zod'
import { coreFault } from '../../kit/fault.ts'
import { momentIn, WrittenMoment } from '../../kit/moment.ts'
import { Line } from '../../kit/text.ts'
import { approvalSubject } from '../approval-shape.ts'
import { ExceptionOutput, exceptionSignals, identityOf, toExceptionOutput } from '../exception-shape.ts'
import { exceptionNeeds, sidesOf } from '../exception-sides.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { insertException } from '../store-exception.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const DAYS_MAX = 180

/** Allows for a while what a rule refuses, with an approval. */
export const createException = operation.write({
  name: 'lifecycle.exception.create',
  summary: 'allow for a while, with an approval, what a rule refuses',
  input: z.strictObject({
    /** As the rule that it lifts names it, such as `environment-isolation` or `credential.api-key`. */
    kind: z
      .string()
      .max(50)
      .regex(/^[a-z][a-z0-9._-]*$/),
    /** The identity's id; for the isolation of environments `IDENTITY/RESOURCE`. */
    subject: Line(300),
    reason: Line(500),
    expiresAt: WrittenMoment,
    approval: z.string().min(1).max(64).optional(),
  }),
  output: ExceptionOutput,
  faults: [
    'expiry_out_of_range',
    'approval_required',
    'approval_expired',
    'approval_mismatch',
    'approval_outgrown',
    'approval_used',
  ],
  on: async ({ tx, input, ports, caller }) =>
    approvalSubject(ports, tx, await sidesOf(ports, tx, input.subject), caller),
  run: async ({ tx, input, ports, caller, now, newId }) => {
    const expiresAt = momentIn('expiresAt', input.expiresAt, now)
    if (expiresAt <= now || expiresAt.getTime() > now.getTime() + DAYS_MAX * DAY_MS)
      throw fault('expiry_out_of_range', { about: `at most ${DAYS_MAX} days from now` })
    const named = identityOf(input.subject)
    // It is looked for by that id alone: of anything else it would lift nothing, and somebody would have approved it.
    if ((await ports.identities.find(tx, named))?.id !== named)
      throw coreFault('invalid_input', {
        places: [{ pointer: '/subject', detail: 'must begin with the id of an identity, such as nhi_7Zq2dM4s' }],
      })
    const approval = await ports.approvals.spend(tx, {
      approval: input.approval,
      operation: 'lifecycle.exception.create',
      input,
      requester: caller.actor.id,
      needed: await exceptionNeeds(ports, tx, input),
      now,
    })
    const { kind, subject, reason } = input
    const made = {
      id: newId('exc'),
      kind,
      subject,
      reason,
      createdBy: caller.actor.id,
      approval: approval.id,
      createdAt: now,
      expiresAt,
    }
    const [team = null] = await sidesOf(ports, tx, subject)
    await insertException(tx, made, team)
    return {
      output: toExceptionOutput({ ...made, endedAt: null, endedBy: null, endedReason: null }),
      approval: approval.id,
      change: [{ field: 'exception', before: null, after: made.id }],
      evidence: { kind, subject, reason, expiresAt: expiresAt.toISOString() },
      signals: exceptionSignals(subject),
    }
  },
})
