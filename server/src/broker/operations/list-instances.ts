import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { operation } from '../room.ts'
import { listInstances as listStored } from '../store-instance.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { InstanceView, viewInstance } from './instance-view.ts'

/** Lists the instances of an identity by name. */
export const listInstances = operation.read({
  name: 'broker.instance.list',
  summary: 'list the running copies of an identity that were seen',
  input: z.strictObject({ identity: z.string().min(1).max(200), ...PageInput }),
  output: z.object({ items: z.array(InstanceView), nextCursor: z.string().nullable() }),
  faults: ['identity_not_found'],
  on: async ({ input, ports, db }) => aboutIdentity(await needIdentity(ports, db, input.identity)),
  run: async ({ input, ports, db }) => {
    const { id } = await needIdentity(ports, db, input.identity)
    const list = `broker.instance.list ${id}`
    const [position] = input.cursor === undefined ? [] : ports.cursors.open(list, input.cursor)
    const after = position === undefined ? undefined : String(position)
    const found = await listStored(db, { identity: id, after, limit: input.limit + 1 })
    const page = found.slice(0, input.limit)
    const last = page.at(-1)
    const hasMore = found.length > input.limit && last !== undefined
    return {
      output: {
        items: page.map(viewInstance),
        nextCursor: hasMore ? ports.cursors.make(list, [last.instance]) : null,
      },
    }
  },
})
