import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { Moment } from '../../kit/text.ts'
import { STANDINGS } from '../domain/sighting.ts'
import { fault } from '../faults.ts'
import { endScan, reconcile } from '../reconcile.ts'
import { operation } from '../room.ts'
import { SightingInput } from '../sighting-shape.ts'

const count = z.number().int()
const BATCH_MAX = 500
const SKEW_MS = 5 * 60 * 1000

/** Takes in what a scan saw. */
export const importSightings = operation.write({
  name: 'inventory.sighting.import',
  summary: 'take in what a scan saw: joined by stable key, never by name',
  input: z.strictObject({
    sightings: z.array(SightingInput).max(BATCH_MAX),
    scan: z
      .strictObject({
        name: z
          .string()
          .regex(/^[\w][\w./@:-]{0,199}$/)
          .describe('what was scanned, such as acme/orders'),
        scannedAt: Moment.describe('when it ran: the same in every batch of one scan'),
        complete: z.boolean().default(false).describe('the last batch: what the scan did not see is gone from it'),
        standing: z
          .enum(STANDINGS)
          .optional()
          .describe('whether what was scanned says what is to be there, or what is there; default: as its sources are'),
        isJudged: z.boolean().default(false).describe('the findings of the scan are imported as well'),
      })
      .optional(),
    saltId: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .optional()
      .describe('of the report: fingerprints of secrets compare only where it is equal'),
  }),
  output: z.object({
    created: count,
    seenAgain: count,
    changed: count.describe('of those seen again, how many are not as they were'),
    joined: count.describe('how many were found to be an identity of the register'),
    ambiguous: count.describe('how many have keys of several identities, and were joined to none'),
    gone: count.describe('how many no scan sees any more'),
    unmanaged: count.describe('of these, how many belong to no identity of the register'),
    unowned: count.describe('of these, how many nobody owns'),
  }),
  faults: ['scan_ahead'],
  // Connectors hand over what they see as scans do.
  principals: ['human', 'nhi', 'automation'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, now, newId, ports }) => {
    const { scan } = input
    const scannedAt = scan === undefined ? now : new Date(scan.scannedAt)
    // A scan of tomorrow would outlive every scan of today.
    if (scannedAt.getTime() > now.getTime() + SKEW_MS) throw fault('scan_ahead')
    const of = {
      name: scan?.name ?? '',
      scannedAt,
      standing: scan?.standing,
      isJudged: scan?.isJudged ?? false,
      saltId: input.saltId ?? '',
    }
    const given = { tx, ports, now, newId }
    const done = await reconcile(input.sightings, of, given)
    const output = { ...done, gone: scan?.complete === true ? await endScan(of, given) : 0 }
    return { output, evidence: { ...output, ...(scan === undefined ? {} : { scan: scan.name }) } }
  },
})
