import { z } from 'zod'
import { EVERY_EVENT, STREAMS_MAX, startingAt } from '../domain/stream.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { feedHead } from '../store-stop.ts'
import { countStreams, insertStream } from '../store-stream.ts'
import { aboutIdentity } from './about-identity.ts'
import { originOf, readDelivery, receiverOf, StreamInput } from './stream-input.ts'
import { StreamView, viewStream } from './stream-view.ts'

/** Opens a stream of security events to a receiver; it begins with everything that is in force. */
export const createStream = operation.write({
  name: 'broker.stream.create',
  summary: 'open a stream of security events (SSF, CAEP) to an identity that serves a resource',
  input: z.strictObject({
    identity: z.string().min(1).max(200).optional().describe('the receiver; left out: who calls'),
    ...StreamInput,
  }),
  output: StreamView,
  faults: [
    'identity_not_found',
    'identity_not_active',
    'stream_not_for_receiver',
    'stream_limit_reached',
    'stream_delivery_wrong',
  ],
  on: async ({ input, caller, ports, tx }) => aboutIdentity(await receiverOf(input, { caller, ports, db: tx })),
  run: async ({ input, caller, now, newId, ports, tx }) => {
    const receiver = await receiverOf(input, { caller, ports, db: tx })
    if (receiver.state !== 'active') throw fault('identity_not_active')
    if (ports.decisions.resourcesServedBy(receiver.id).length === 0) throw fault('stream_not_for_receiver')
    if ((await countStreams(tx, receiver.id)) >= STREAMS_MAX) throw fault('stream_limit_reached')
    const id = newId('str')
    const stream = {
      id,
      identity: receiver.id,
      team: receiver.owner.id,
      ...readDelivery(input, { id, sealer: ports.sealer }),
      requested: input.events ?? EVERY_EVENT,
      description: input.description ?? null,
      status: 'enabled',
      statusReason: null,
      excluded: [],
      own: [],
      ...startingAt(await feedHead(tx)),
      createdAt: now.getTime(),
      createdBy: caller.actor.id,
      verifiedAt: null,
      heardAt: null,
      failures: 0,
      lastError: null,
      retryAt: 0,
      setBy: originOf(caller),
    } as const
    await insertStream(tx, stream)
    return {
      output: viewStream(stream, ports.issuer()),
      change: [
        { field: 'stream', before: null, after: id },
        { field: 'method', before: null, after: stream.method },
        { field: 'endpoint', before: null, after: stream.endpoint },
      ],
      signals: [{ topic: 'stream', key: id }],
    }
  },
})
