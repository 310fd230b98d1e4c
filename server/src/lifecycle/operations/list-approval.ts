import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { ApprovalOutput, approvalSubject, toApprovalOutput } from '../approval-shape.ts'
import { operation } from '../room.ts'
import { APPROVAL_STATES, listApprovals } from '../store-approval.ts'

const Position = z.tuple([z.number(), z.string()])

/** Lists requests for approval, newest first, without their votes. */
export const listApproval = operation.list({
  name: 'lifecycle.approval.list',
  summary: 'list requests for approval, newest first',
  input: z.strictObject({
    ...PageInput,
    state: z.enum(APPROVAL_STATES).optional(),
    operation: z.string().min(1).max(100).optional(),
    requester: z.string().min(1).max(64).optional(),
    team: z.string().min(1).max(64).optional(),
  }),
  output: z.object({ items: z.array(ApprovalOutput.omit({ votes: true })), nextCursor: z.string().nullable() }),
  faults: [],
  on: async ({ db, input, ports, caller }) =>
    input.team === undefined ? DEPLOYMENT : approvalSubject(ports, db, [input.team], caller),
  run: async ({ db, input, ports, now, scope }) => {
    const { cursor, limit, state, operation: name, requester, team } = input
    const list = JSON.stringify(['lifecycle.approval.list', state, name, requester, team])
    const place = cursor === undefined ? undefined : Position.parse(ports.cursors.open(list, cursor))
    const after = place && { createdAtMs: place[0], id: place[1] }
    const found = await listApprovals(db, scope, { state, operation: name, requester, team, after, limit: limit + 1 })
    const page = pageOf(found, limit, (last) => ports.cursors.make(list, [last.createdAt.getTime(), last.id]))
    const items = page.items.map((approval) => {
      const { votes: _, ...rest } = toApprovalOutput(approval, [], now)
      return rest
    })
    return { output: { items, nextCursor: page.nextCursor } }
  },
})
