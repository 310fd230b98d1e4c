import { z } from 'zod'
import { operation } from '../room.ts'
import { deleteStream as deleteStored } from '../store-stream.ts'
import { aboutStream, needHeldStream, StreamId } from './stream-input.ts'

/** Ends a stream; its receiver is told nothing more. */
export const deleteStream = operation.write({
  name: 'broker.stream.delete',
  summary: 'end a stream of security events',
  input: z.strictObject({ stream: StreamId }),
  output: z.object({ stream: z.string() }),
  faults: ['stream_not_found'],
  on: ({ input, ports, tx }) => aboutStream(ports, tx, input.stream),
  run: async ({ input, tx }) => {
    const { id } = await needHeldStream(tx, input.stream)
    await deleteStored(tx, id)
    return {
      output: { stream: id },
      change: [{ field: 'stream', before: id, after: null }],
      signals: [{ topic: 'stream', key: id }],
    }
  },
})
