import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { VERIFY_SECONDS_MIN, withOwn } from '../domain/stream.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { updateStream } from '../store-stream.ts'
import { aboutStream, needHeldStream, StreamId } from './stream-input.ts'

/** Sends a verification event over a stream, so that its receiver can see that events arrive. */
export const verifyStream = operation.write({
  name: 'broker.stream.verify',
  summary: 'send a verification event over a stream of security events',
  input: z.strictObject({
    stream: StreamId,
    state: Line(1000).optional().describe('comes back in the event, so that the receiver knows it again'),
  }),
  output: z.object({ stream: z.string(), event: z.string().describe('the jti of the event') }),
  faults: ['stream_not_found', 'stream_verified_lately'],
  on: ({ input, ports, tx }) => aboutStream(ports, tx, input.stream),
  run: async ({ input, now, newId, tx }) => {
    const stream = await needHeldStream(tx, input.stream)
    const waitMs = (stream.verifiedAt ?? 0) + VERIFY_SECONDS_MIN * 1000 - now.getTime()
    if (waitMs > 0) throw fault('stream_verified_lately', { retryAfterSeconds: Math.ceil(waitMs / 1000) })
    const id = newId('set')
    const at = Math.floor(now.getTime() / 1000)
    const after = withOwn(stream, { id, at, type: 'verification', state: input.state ?? null })
    await updateStream(tx, { ...after, verifiedAt: now.getTime(), retryAt: 0 })
    return {
      output: { stream: stream.id, event: `${stream.id}.${id}` },
      signals: [{ topic: 'stream', key: stream.id }],
    }
  },
})
