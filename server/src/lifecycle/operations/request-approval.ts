import { z } from 'zod'
import { coreFault, Fault } from '../../kit/fault.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { Line } from '../../kit/text.ts'
import { neededTogether } from '../../needed.ts'
import { ApprovalOutput, approvalSubject, toApprovalOutput } from '../approval-shape.ts'
import { approvalDigest, approvalText } from '../domain/approval.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { insertApproval } from '../store-approval.ts'

const HOUR_MS = 60 * 60 * 1000
const HOURS_DEFAULT = 24
const HOURS_MAX = 7 * 24
const TEXT_CHARS_MAX = 64 * 1024

const Input = z.strictObject({
  operation: z
    .string()
    .max(100)
    .regex(/^[a-z]+\.[a-z-]+\.[a-z-]+$/),
  input: z.record(z.string().max(100), z.unknown()),
  reason: Line(500),
  expiresInHours: z.number().int().min(1).max(HOURS_MAX).default(HOURS_DEFAULT),
})

/**
 * Asks for the approval of one call, bound to exactly what it would do. Who must approve is what the call itself finds
 * when it is tried out: the requester says nothing of it.
 */
export const requestApproval = operation.write({
  name: 'lifecycle.approval.request',
  summary: 'ask for the approval of one call of an operation, bound to its input',
  input: Input,
  output: ApprovalOutput,
  faults: ['approval_not_needed'],
  prepare: async ({ input, ports, caller, newId }) => {
    const id = newId('apr')
    const { operation, input: given } = input
    const call = await inPlace(() => ports.calls.rehearsal({ operation, input: given, approval: id, caller }))
    if (call === undefined) throw fault('approval_not_needed', { about: operation })
    const text = approvalText(operation, call.input)
    if (text.length > TEXT_CHARS_MAX) throw coreFault('too_large')
    return { id, call, text }
  },
  // Whom it concerns is known when it was tried out, which is judged as the call itself is; the record names it.
  on: () => DEPLOYMENT,
  run: async ({ tx, input, prepared, ports, caller, now }) => {
    const { id, call, text } = prepared
    const needed = neededTogether(await ports.approvals.rehearse(id, () => call.run(tx)))
    if (needed === undefined) throw fault('approval_not_needed', { about: input.operation })
    const approval = {
      id,
      operation: input.operation,
      digest: approvalDigest(input.operation, call.input),
      text,
      reason: input.reason,
      needed,
      requester: caller.actor.id ?? '',
      requesterName: caller.actor.name,
      createdAt: now,
      expiresAt: new Date(now.getTime() + input.expiresInHours * HOUR_MS),
    }
    await insertApproval(tx, approval)
    const kept = { ...approval, state: 'requested', decidedAt: null, usedAt: null } as const
    return {
      output: toApprovalOutput(kept, [], now),
      on: await approvalSubject(ports, tx, needed.teams, { roles: [] }),
      approval: approval.id,
      change: [{ field: 'state', before: null, after: 'requested' }],
      evidence: {
        operation: approval.operation,
        digest: approval.digest,
        need: needed.need,
        teams: needed.teams.map((team) => team ?? 'security').join(' '),
        why: needed.why.join('; ').slice(0, 500),
        reason: approval.reason,
        expiresAt: approval.expiresAt.toISOString(),
      },
    }
  },
})

/** What does not fit the call is at another place of the request. */
const inPlace = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'invalid_input') throw error
    const places = (error.extras.places ?? []).map((place) => ({ ...place, pointer: `/input${place.pointer}` }))
    throw coreFault('invalid_input', { places })
  }
}
