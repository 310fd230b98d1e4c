import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { coreFault } from '../../kit/fault.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { operation } from '../room.ts'
import { listStreams as listStored } from '../store-stream.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { StreamView, viewStream } from './stream-view.ts'

const Position = z.tuple([z.string()])

/** Lists streams of security events. */
export const listStreams = operation.list({
  name: 'broker.stream.list',
  summary: 'list streams of security events, of one receiver or of all',
  input: z.strictObject({ identity: z.string().min(1).max(200).optional(), ...PageInput }),
  output: z.object({ items: z.array(StreamView), nextCursor: z.string().nullable() }),
  faults: ['identity_not_found'],
  on: async ({ input, ports, db }) =>
    input.identity === undefined ? DEPLOYMENT : aboutIdentity(await needIdentity(ports, db, input.identity)),
  run: async ({ input, ports, db, scope }) => {
    const identity = input.identity === undefined ? undefined : (await needIdentity(ports, db, input.identity)).id
    const list = `broker.stream.list ${JSON.stringify([identity])}`
    const after = input.cursor === undefined ? undefined : positionOf(ports.cursors.open(list, input.cursor))
    const found = await listStored(db, scope, { identity, after, limit: input.limit + 1 })
    const page = found.slice(0, input.limit)
    const last = page.at(-1)
    return {
      output: {
        items: page.map((stream) => viewStream(stream, ports.issuer())),
        nextCursor: found.length > input.limit && last !== undefined ? ports.cursors.make(list, [last.id]) : null,
      },
    }
  },
})

const positionOf = (opened: readonly (string | number)[]): string => {
  const position = Position.safeParse(opened)
  if (!position.success) throw coreFault('bad_cursor')
  return position.data[0]
}
