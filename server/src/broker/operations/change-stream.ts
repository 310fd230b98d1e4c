import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { type Stream, startingAt, withOwn } from '../domain/stream.ts'
import { operation } from '../room.ts'
import { feedHead } from '../store-stop.ts'
import { updateStream } from '../store-stream.ts'
import { aboutStream, needHeldStream, originOf, readDelivery, StreamId, StreamInput } from './stream-input.ts'
import { StreamView, viewStream } from './stream-view.ts'

/** Changes a stream. A delivery is replaced as a whole: what is left out of it is not kept for another endpoint. */
export const changeStream = operation.write({
  name: 'broker.stream.change',
  summary: 'change how a stream of security events is delivered, what of, or whether',
  input: z.strictObject({
    stream: StreamId,
    ...StreamInput,
    description: StreamInput.description.unwrap().nullable().optional(),
    status: z.enum(['enabled', 'paused', 'disabled']).optional(),
    reason: Line(200).optional().describe('why the status changes; told to the receiver'),
  }),
  output: StreamView,
  faults: ['stream_not_found', 'stream_delivery_wrong'],
  on: ({ input, ports, tx }) => aboutStream(ports, tx, input.stream),
  run: async ({ input, caller, now, newId, ports, tx }) => {
    const before = await needHeldStream(tx, input.stream)
    const isDelivery = [input.method, input.endpoint, input.authorization].some((part) => part !== undefined)
    const delivery = isDelivery ? readDelivery(input, { id: before.id, sealer: ports.sealer }) : {}
    const changed: Stream = {
      ...before,
      ...delivery,
      ...(input.events === undefined ? {} : { requested: input.events }),
      ...(input.description === undefined ? {} : { description: input.description }),
      // Whoever changes it has looked after it: what waits is tried at once.
      failures: 0,
      lastError: null,
      retryAt: 0,
      // Who sets where it leads, or says that it may go on, is whom it stands with.
      ...(isDelivery || input.status === 'enabled' ? { setBy: originOf(caller) } : {}),
    }
    const isSelf = caller.actor.id === before.identity
    const moved =
      input.status === undefined ? changed : movedTo(changed, input.status, input.reason, await feedHead(tx))
    const isMoved = moved.status !== before.status
    // SSF 1.0 §8.1.5: who did not ask for it is told.
    const after =
      isMoved && !isSelf
        ? withOwn(moved, {
            id: newId('set'),
            at: Math.floor(now.getTime() / 1000),
            type: 'stream-updated',
            status: moved.status,
            reason: moved.statusReason,
          })
        : moved
    await updateStream(tx, after)
    return {
      output: viewStream(after, ports.issuer()),
      change: [
        ...changeOf('method', before.method, after.method),
        ...changeOf('endpoint', before.endpoint, after.endpoint),
        ...changeOf('events', before.requested.join(' '), after.requested.join(' ')),
        ...changeOf('status', before.status, after.status),
      ],
      signals: [{ topic: 'stream', key: before.id }],
    }
  },
})

const changeOf = (field: string, before: string | null, after: string | null) =>
  before === after ? [] : [{ field, before, after }]

/** What is held while it is paused follows; of what was not held while it was disabled, everything that is in force does. */
const movedTo = (stream: Stream, status: Stream['status'], reason: string | undefined, head: number): Stream => ({
  ...stream,
  status,
  statusReason: reason ?? null,
  ...(stream.status === 'disabled' && status !== 'disabled' ? startingAt(head) : {}),
})
