import { z } from 'zod'
import type { Handle } from '../../kit/database.ts'
import { coreFault } from '../../kit/fault.ts'
import { Line } from '../../kit/text.ts'
import { approvalSubject } from '../approval-shape.ts'
import { ExceptionOutput, exceptionSignals, toExceptionOutput } from '../exception-shape.ts'
import { sidesOf } from '../exception-sides.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import type { LifecycleTables } from '../schema.ts'
import { type Exception, getException, endException as markEnded } from '../store-exception.ts'

/** Ends an exception before its expiry. */
export const endException = operation.write({
  name: 'lifecycle.exception.end',
  summary: 'end an exception before its expiry',
  input: z.strictObject({ exception: z.string().min(1).max(64), reason: Line(500) }),
  output: ExceptionOutput,
  faults: ['exception_ended'],
  on: async ({ tx, input, ports, caller }) => {
    const { subject } = await exceptionOf(tx, input.exception)
    return approvalSubject(ports, tx, await sidesOf(ports, tx, subject), caller)
  },
  run: async ({ tx, input, caller, now }) => {
    const { exception: id, reason } = input
    const before = await exceptionOf(tx, id)
    if (!(await markEnded(tx, { id, by: caller.actor.id, reason, now }))) throw fault('exception_ended')
    return {
      output: toExceptionOutput(await exceptionOf(tx, id)),
      change: [{ field: 'exception', before: id, after: null }],
      evidence: { kind: before.kind, subject: before.subject, reason },
      signals: exceptionSignals(before.subject),
    }
  },
})

const exceptionOf = async (db: Handle<LifecycleTables>, id: string): Promise<Exception> => {
  const found = await getException(db, id)
  if (found === undefined) throw coreFault('not_found')
  return found
}
