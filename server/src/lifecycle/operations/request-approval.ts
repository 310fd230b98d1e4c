import { z } from 'zod'
import type { AnyDb } from '../../kit/database.ts'
import { coreFault } from '../../kit/fault.ts'
import { Line } from '../../kit/text.ts'
import { aboutInput } from '../about-input.ts'
import { ApprovalOutput, approvalSubject, toApprovalOutput } from '../approval-shape.ts'
import { approvalDigest, approvalText, NEEDS } from '../domain/approval.ts'
import { type LifecyclePorts, operation } from '../room.ts'
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
  /** More than the input by itself would need; never less. */
  need: z.enum(NEEDS).optional(),
  expiresInHours: z.number().int().min(1).max(HOURS_MAX).default(HOURS_DEFAULT),
})

/** Asks for the approval of one call, bound to exactly what it would do. */
export const requestApproval = operation.write({
  name: 'lifecycle.approval.request',
  summary: 'asks for the approval of one call of an operation, bound to its input',
  input: Input,
  output: ApprovalOutput,
  faults: [],
  on: async ({ tx, input, ports }) => {
    const { about } = await look(ports, tx, input)
    return approvalSubject(ports, tx, about.team)
  },
  run: async ({ tx, input, ports, caller, now, newId }) => {
    const { parsed, about } = await look(ports, tx, input)
    const text = approvalText(input.operation, parsed)
    if (text.length > TEXT_CHARS_MAX) throw coreFault('too_large')
    const approval = {
      id: newId('apr'),
      operation: input.operation,
      digest: approvalDigest(input.operation, parsed),
      text,
      reason: input.reason,
      need: input.need === 'security-and-owner' ? input.need : about.need,
      team: about.team,
      requester: caller.actor.id ?? '',
      requesterName: caller.actor.name,
      createdAt: now,
      expiresAt: new Date(now.getTime() + input.expiresInHours * HOUR_MS),
    }
    await insertApproval(tx, approval)
    const kept = { ...approval, state: 'requested', decidedAt: null, usedAt: null } as const
    return {
      output: toApprovalOutput(kept, [], now),
      approval: approval.id,
      change: [{ field: 'state', before: null, after: 'requested' }],
      evidence: {
        operation: approval.operation,
        digest: approval.digest,
        need: approval.need,
        reason: approval.reason,
        expiresAt: approval.expiresAt.toISOString(),
      },
    }
  },
})

const look = async (ports: LifecyclePorts, db: AnyDb, input: z.infer<typeof Input>) => {
  const parsed = ports.operations.parse(input.operation, input.input)
  return { parsed, about: await aboutInput(ports, db, parsed) }
}
