import { z } from 'zod'
import type { AnyDb, AnyTx } from '../../kit/database.ts'
import { coreFault } from '../../kit/fault.ts'
import type { Caller, Subject as OperationSubject } from '../../kit/operation.ts'
import type { Sealer } from '../../kit/seal.ts'
import { Line } from '../../kit/text.ts'
import type { Stream, StreamMethod, StreamOrigin } from '../domain/stream.ts'
import { fault } from '../faults.ts'
import type { BrokerPorts, Subject } from '../room.ts'
import { findStream, holdStream } from '../store-stream.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'

/** The id of a stream as input. */
export const StreamId = z.string().min(1).max(64)

/** How a stream is delivered, and what of. */
export const StreamInput = {
  method: z.enum(['push', 'poll']).optional().describe('pushed to an endpoint, or polled by the receiver'),
  endpoint: z.string().min(1).max(1000).optional().describe('with push: the https URL that takes the events'),
  authorization: z
    .string()
    .min(1)
    .max(2000)
    .regex(/^[\x21-\x7e][\x20-\x7e]*$/, 'must be visible ASCII characters')
    .optional()
    .meta({ description: 'with push: the value of the Authorization header; kept sealed', writeOnly: true }),
  events: z
    .array(z.string().min(1).max(200))
    .max(20)
    .optional()
    .describe('event types by URI; left out: all there are'),
  description: Line(200).optional(),
}

/** Who the stream is for: the identity that calls, or the one that a person names. */
export const receiverOf = async (
  input: { readonly identity?: string | undefined },
  {
    caller,
    ports,
    db,
  }: { readonly caller: Caller; readonly ports: Pick<BrokerPorts, 'subjects'>; readonly db: AnyDb | AnyTx },
): Promise<Subject> => {
  const named = input.identity ?? (caller.actor.principalType === 'nhi' ? caller.actor.id : null)
  if (named === null)
    throw coreFault('invalid_input', { places: [{ pointer: '/identity', detail: 'the receiver, by id or name' }] })
  return needIdentity(ports, db, named)
}

/** The stream with this id; `stream_not_found` when there is none. */
export const needStream = async (db: AnyDb | AnyTx, id: string): Promise<Stream> => {
  const stream = await findStream(db, id)
  if (stream === undefined) throw fault('stream_not_found')
  return stream
}

/** The same, held. */
export const needHeldStream = async (tx: AnyTx, id: string): Promise<Stream> => {
  const stream = await holdStream(tx, id)
  if (stream === undefined) throw fault('stream_not_found')
  return stream
}

/** What an operation on a stream is about: its receiver. */
export const aboutStream = async (
  ports: Pick<BrokerPorts, 'subjects'>,
  db: AnyDb | AnyTx,
  id: string,
): Promise<OperationSubject> => aboutIdentity(await needIdentity(ports, db, (await needStream(db, id)).identity))

/** By what the caller sets a delivery; of a person nothing is kept, who answers for it themselves. */
export const originOf = ({ actor, token, credential, instance }: Caller): StreamOrigin =>
  actor.principalType === 'nhi'
    ? { token, credential, instance: instance === null ? null : `${actor.id}/${instance}` }
    : { token: null, credential: null, instance: null }

/** A delivery as it is stored; the header is sealed to the row. Throws what does not go together. */
export const readDelivery = (
  input: {
    readonly method?: StreamMethod | undefined
    readonly endpoint?: string | undefined
    readonly authorization?: string | undefined
  },
  { id, sealer }: { readonly id: string; readonly sealer: Sealer },
): Pick<Stream, 'method' | 'endpoint' | 'sealed'> => {
  const method = input.method ?? (input.endpoint === undefined ? 'poll' : 'push')
  if (method === 'poll') {
    if (input.endpoint !== undefined || input.authorization !== undefined) throw fault('stream_delivery_wrong')
    return { method, endpoint: null, sealed: null }
  }
  const { endpoint, authorization } = input
  if (endpoint === undefined || !isEndpoint(endpoint)) throw fault('stream_delivery_wrong')
  const sealed = authorization === undefined ? null : sealer.seal(Buffer.from(authorization), sealedAt(id))
  return { method, endpoint, sealed }
}

/** The header that a push carries. */
export const authorizationOf = ({ id, sealed }: Stream, sealer: Sealer): string | undefined =>
  sealed === null ? undefined : sealer.open(sealed, sealedAt(id)).toString('utf8')

const sealedAt = (row: string) => ({ table: 'broker_stream', row, column: 'sealed' })

// Where it leads is judged when something is sent there, each time: a name may lead elsewhere by then.
const isEndpoint = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hash !== '' || url.username + url.password !== '') return false
  // Plain http is spoken in the networks that this server's settings name, and nowhere else.
  return url.protocol === 'https:' || url.protocol === 'http:'
}
