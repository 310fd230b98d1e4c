import type { Transaction } from 'kysely'
import { z } from 'zod'
import { coreFault } from '../../kit/fault.ts'
import type { Ran } from '../../kit/operation.ts'
import { EXCLUDED_MAX } from '../domain/stream.ts'
import { operation } from '../room.ts'
import type { BrokerTables } from '../schema.ts'
import { updateStream } from '../store-stream.ts'
import { aboutStream, needHeldStream, StreamId } from './stream-input.ts'

const Input = z.strictObject({
  stream: StreamId,
  subject: z.string().min(1).max(200).describe('the identity, by its id'),
})
const Output = z.object({ stream: z.string() })

/** Leaves an identity out of a stream. Whether there is such an identity is not said (SSF 1.0 §9.1). */
export const excludeSubject = operation.write({
  name: 'broker.stream.exclude',
  summary: 'leave an identity out of a stream of security events',
  input: Input,
  output: Output,
  faults: ['stream_not_found'],
  on: ({ input, ports, tx }) => aboutStream(ports, tx, input.stream),
  run: ({ input, tx }) => move(tx, input, true),
})

/** Takes an identity into a stream again that was left out of it. */
export const includeSubject = operation.write({
  name: 'broker.stream.include',
  summary: 'take an identity into a stream of security events again',
  input: Input,
  output: Output,
  faults: ['stream_not_found'],
  on: ({ input, ports, tx }) => aboutStream(ports, tx, input.stream),
  run: ({ input, tx }) => move(tx, input, false),
})

const move = async (
  tx: Transaction<BrokerTables>,
  { stream: id, subject }: z.infer<typeof Input>,
  isOut: boolean,
): Promise<Ran<z.infer<typeof Output>>> => {
  const stream = await needHeldStream(tx, id)
  const others = stream.excluded.filter((each) => each !== subject)
  const excluded = isOut ? [...others, subject] : others
  if (excluded.length > EXCLUDED_MAX)
    throw coreFault('invalid_input', {
      places: [{ pointer: '/subject', detail: `a stream leaves out ${EXCLUDED_MAX} identities at most` }],
    })
  await updateStream(tx, { ...stream, excluded })
  return {
    output: { stream: stream.id },
    change: [{ field: `told of ${subject}`, before: String(isOut), after: String(!isOut) }],
    signals: [{ topic: 'stream', key: stream.id }],
  }
}
