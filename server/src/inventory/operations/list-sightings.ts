import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { KINDS } from '../domain/identity.ts'
import { operation } from '../room.ts'
import { SightingView, sightingViewOf } from '../sighting-shape.ts'
import { listSightings as readSightings } from '../store-sighting.ts'
import { seenIdentity } from '../subject.ts'
import { line, reference } from '../texts.ts'

const LIST = 'inventory.sighting.list'

/** Lists sightings by name. */
export const listSightings = operation.list({
  name: LIST,
  summary: 'list what scans saw, narrowed to what is unmanaged or what nobody owns',
  input: z.strictObject({
    state: z.enum(['unmanaged', 'managed']).optional(),
    unowned: z.boolean().optional().describe('no identity of the register, and no guess at an owner'),
    source: line('source', 100).optional(),
    kind: z.enum(KINDS).optional(),
    identity: reference('identity').optional(),
    gone: z.boolean().optional().describe('no scan sees it any more'),
    ...PageInput,
  }),
  output: z.object({ items: z.array(SightingView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports, scope, sees }) => {
    const { cursor, limit, ...filters } = input
    const list = JSON.stringify([LIST, filters])
    const [name = '', id = ''] = cursor === undefined ? [] : ports.cursors.open(list, cursor).map(String)
    const { unowned, identity, gone, ...rest } = filters
    const identityId = identity === undefined ? undefined : (await seenIdentity(db, sees, identity)).id
    const found = await readSightings(
      db,
      scope,
      { ...rest, isUnowned: unowned, identityId, isGone: gone },
      { after: { name, id }, limit: limit + 1 },
    )
    const page = pageOf(found, limit, (last) => ports.cursors.make(list, [last.name, last.id]))
    return { output: { items: page.items.map(sightingViewOf), nextCursor: page.nextCursor } }
  },
})
