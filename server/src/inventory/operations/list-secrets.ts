import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { operation } from '../room.ts'
import { listSecrets as readSecrets } from '../store-secret.ts'
import { seenIdentity } from '../subject.ts'
import { reference } from '../texts.ts'

const LIST = 'inventory.secret.list'

/** A secret as callers see it. */
const SecretView = z.object({
  id: z.string(),
  type: z.string(),
  provider: z.string(),
  fingerprint: z.string().describe('salted; it compares only where `saltId` is equal'),
  saltId: z.string(),
  tail: z.string().describe('at most the last four characters'),
  firstSeenAt: z.string(),
  locations: z.array(
    z.object({
      place: z.string(),
      sighting: z.string(),
      name: z.string(),
      identity: z.string().nullable(),
    }),
  ),
})

/** Lists the secrets that scans saw: each once, with every place where it lies. */
export const listSecrets = operation.list({
  name: LIST,
  summary: 'list the secrets that scans saw, each once with every place where it lies; none is stored',
  input: z.strictObject({ identity: reference('identity').optional(), ...PageInput }),
  output: z.object({ items: z.array(SecretView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports, scope, sees }) => {
    const { cursor, limit } = input
    const identityId = input.identity === undefined ? undefined : (await seenIdentity(db, sees, input.identity)).id
    const list = JSON.stringify([LIST, identityId ?? null])
    const [after = ''] = cursor === undefined ? [] : ports.cursors.open(list, cursor).map(String)
    const found = await readSecrets(db, scope, { after, limit: limit + 1, identityId })
    const page = pageOf(found, limit, (last) => ports.cursors.make(list, [last.id]))
    const items = page.items.map((each) => ({
      ...each,
      firstSeenAt: each.firstSeenAt.toISOString(),
      locations: [...each.locations],
    }))
    return { output: { items, nextCursor: page.nextCursor } }
  },
})
