import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { operation } from '../room.ts'
import { keptOf, SightingInput } from '../sighting-shape.ts'
import { fileSightings } from '../store-sighting.ts'

const count = z.number().int()

/** Takes in what a scan saw. */
export const importSightings = operation.write({
  name: 'inventory.sighting.import',
  summary: 'take in what a scan saw: joined by stable key, never by name',
  input: z.strictObject({ sightings: z.array(SightingInput).max(500) }),
  output: z.object({
    created: count,
    seenAgain: count,
    unmanaged: count.describe('of these, how many belong to no identity of the register'),
    unowned: count.describe('of these, how many nobody owns'),
  }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, now, newId }) => {
    const byKey = new Map(input.sightings.map((each) => [each.stableKey, each]))
    const fresh = new Set<string>()
    // In one order everywhere, so that two imports at once take the rows' locks alike.
    const rows = [...byKey.entries()]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, each]) => {
        const id = newId('sig')
        fresh.add(id)
        return { ...keptOf(each), id, firstSeenAt: now, lastSeenAt: now }
      })
    const filed = await fileSightings(tx, rows)
    const created = filed.filter(({ id }) => fresh.has(id)).length
    const output = {
      created,
      seenAgain: filed.length - created,
      unmanaged: filed.filter(({ state }) => state === 'unmanaged').length,
      unowned: filed.filter(({ ownerHint, identityId }) => ownerHint === null && identityId === null).length,
    }
    return { output, evidence: output }
  },
})
