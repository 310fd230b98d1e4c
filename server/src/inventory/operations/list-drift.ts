import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import type { Scope } from '../../kit/scope.ts'
import { daysAfter } from '../domain/moment.ts'
import type { Sighting } from '../domain/sighting.ts'
import { operation } from '../room.ts'
import { listDrifted, longUnused, type Unseen } from '../store-drift.ts'
import { listSightings } from '../store-sighting.ts'

const LIST = 'inventory.drift.list'
const DAYS_MAX = 400
// How many identities a page looks at; those that a scan saw are left out of them.
const LOOKED_AT_MAX = 1000

const Drift = z.enum(['unregistered', 'unseen', 'missing', 'undeclared'])

const DriftView = z.object({
  name: z.string(),
  identity: z.string().nullable(),
  sighting: z.string().nullable(),
  because: z.string(),
  since: z.string().nullable().describe('last seen or used; null: never'),
})
type DriftView = z.infer<typeof DriftView>

/** Lists where the register, what is declared and what is there differ. */
export const listDrift = operation.list({
  name: LIST,
  summary: 'list where the register, what is declared and what is live differ',
  input: z.strictObject({
    drift: Drift.describe(
      'unregistered: seen, and no identity; unseen: an identity that nothing saw or used for so many days; ' +
        'missing: declared, and not live; undeclared: live, and not declared',
    ),
    days: z.number().int().min(1).max(DAYS_MAX).default(30).describe('of `unseen`'),
    ...PageInput,
  }),
  output: z.object({ items: z.array(DriftView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports, scope, now }) => {
    const { cursor, limit, drift, days } = input
    const list = JSON.stringify([LIST, drift, days])
    const at = cursor === undefined ? undefined : ports.cursors.open(list, cursor)
    const make = (place: readonly (string | number)[]) => ports.cursors.make(list, [...place])
    if (drift === 'unseen') {
      const before = daysAfter(now, -days).getTime()
      const after = { usedMs: Number(at?.[0] ?? -1), name: String(at?.[1] ?? '') }
      const looked = await longUnused(db, scope, { before, after, limit: LOOKED_AT_MAX })
      const found = looked.filter(isUnseenSince(before))
      const page = pageOf(found.slice(0, limit + 1), limit, ({ usedMs, name }) => make([usedMs, name]))
      const last = looked.at(-1)
      // A page of what was looked at may have nothing in it, and still more behind it.
      const more = looked.length === LOOKED_AT_MAX && last !== undefined ? make([last.usedMs, last.name]) : null
      return { output: { items: page.items.map(unseenView), nextCursor: page.nextCursor ?? more } }
    }
    const after = { name: String(at?.[0] ?? ''), id: String(at?.[1] ?? '') }
    const found = await sightingsOf(db, scope, drift, { after, limit: limit + 1 })
    const page = pageOf(found, limit, ({ name, id }) => make([name, id]))
    return { output: { items: page.items.map(sightingView(drift)), nextCursor: page.nextCursor } }
  },
})

const sightingsOf = (
  db: Parameters<typeof listDrifted>[0],
  scope: Scope,
  drift: 'unregistered' | 'missing' | 'undeclared',
  page: Parameters<typeof listDrifted>[3],
) =>
  drift === 'unregistered'
    ? listSightings(db, scope, { state: 'unmanaged', isGone: false }, page)
    : listDrifted(db, scope, drift, page)

// A new one had no time yet to be seen.
const isUnseenSince =
  (before: number) =>
  ({ seenMs, createdMs, state }: Unseen): boolean =>
    state === 'active' && seenMs < before && createdMs < before

const unseenView = ({ id, name, seenMs, usedMs }: Unseen): DriftView => ({
  name,
  identity: id,
  sighting: null,
  because: seenMs === 0 ? 'no scan ever saw it' : 'no scan sees it any more',
  since: Math.max(seenMs, usedMs) === 0 ? null : new Date(Math.max(seenMs, usedMs)).toISOString(),
})

const BECAUSE = {
  unregistered: 'it is no identity of the register',
  missing: 'it is declared, and not in the export of what is live',
  undeclared: 'it is live, and declared nowhere that was scanned',
} as const

const sightingView =
  (drift: keyof typeof BECAUSE) =>
  ({ id, name, identityId, lastSeenAt, source }: Sighting): DriftView => ({
    name,
    identity: identityId,
    sighting: id,
    because: `${BECAUSE[drift]} (seen in ${source})`,
    since: lastSeenAt.toISOString(),
  })
