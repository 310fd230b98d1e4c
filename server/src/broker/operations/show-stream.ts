import { z } from 'zod'
import { operation } from '../room.ts'
import { aboutStream, needStream, StreamId } from './stream-input.ts'
import { StreamView, viewStream } from './stream-view.ts'

/** Shows a stream: how it is delivered, and how far its receiver is. */
export const showStream = operation.read({
  name: 'broker.stream.show',
  summary: 'show a stream of security events: how it is delivered, and how far its receiver is',
  input: z.strictObject({ stream: StreamId }),
  output: StreamView,
  faults: ['stream_not_found'],
  on: ({ input, ports, db }) => aboutStream(ports, db, input.stream),
  run: async ({ input, ports, db }) => {
    const stream = await needStream(db, input.stream)
    return { output: viewStream(stream, ports.issuer()), evidence: { stream: stream.id } }
  },
})
