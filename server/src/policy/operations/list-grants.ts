import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { needBundle, needIdentity, seenResource } from '../need.ts'
import { operation } from '../room.ts'
import { GrantView, Reference } from '../shapes.ts'
import { listGrants as readGrants } from '../store-grant.ts'
import { grantNames } from '../store-names.ts'
import { grantView, identitySubject } from '../views.ts'

/** Lists grants in the order of their ids: live ones, or all that there ever were. */
export const listGrants = operation.list({
  name: 'policy.grant.list',
  summary: 'list grants, of an identity, a resource or a bundle',
  input: z.strictObject({
    ...PageInput,
    identity: Reference.optional(),
    resource: Reference.optional(),
    bundle: Reference.optional(),
    ended: z.boolean().default(false).describe('also those that have ended'),
  }),
  output: z.object({ items: z.array(GrantView), nextCursor: z.string().nullable() }),
  faults: ['grant_identity', 'resource_not_found', 'bundle_not_found'],
  on: async ({ db, input, ports }) =>
    input.identity === undefined ? DEPLOYMENT : identitySubject(await needIdentity(ports, db, input.identity)),
  run: async ({ db, input, ports, scope, sees }) => {
    const { limit, cursor, ended } = input
    const filter = {
      identity: input.identity === undefined ? undefined : (await needIdentity(ports, db, input.identity)).id,
      resource: input.resource === undefined ? undefined : (await seenResource(db, sees, input.resource)).id,
      bundle: input.bundle === undefined ? undefined : (await needBundle(db, input.bundle)).id,
    }
    const list = JSON.stringify(['policy.grant.list', filter.identity, filter.resource, filter.bundle, ended])
    const after = cursor === undefined ? undefined : String(ports.cursors.open(list, cursor)[0])
    const found = await readGrants(db, scope, { ...filter, after, limit: limit + 1, isLive: !ended })
    const page = pageOf(found, limit, (last) => ports.cursors.make(list, [last.id]))
    const names = await grantNames(db, page.items)
    return { output: { items: page.items.map((grant) => grantView(grant, names)), nextCursor: page.nextCursor } }
  },
})
