import { z } from 'zod'
import { TAG_NAMES } from '../domain/connector-tags.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { identitiesSighted } from '../store-sighting.ts'
import { identitySubject, needConnector, needIdentity } from '../subject.ts'
import { reference } from '../texts.ts'

const tags = z.partialRecord(z.enum(TAG_NAMES), z.string().min(1).max(500))

/**
 * Says that a connector writes tags, right before it does. INVARIANT: what is not recorded is not written. Called by this
 * server's own job.
 */
export const tagConnector = operation.write({
  name: 'inventory.connector.tag',
  summary: 'write tags of an identity to what it is at a vendor',
  input: z.strictObject({
    connector: reference('connector'),
    identity: reference('identity'),
    key: z.string().min(1).max(500),
    set: tags,
    before: tags,
  }),
  output: z.object({ connector: z.string(), key: z.string() }),
  faults: ['connector_wrong'],
  principals: ['automation'],
  on: async ({ tx, input }) => identitySubject(await needIdentity(tx, input.identity)),
  run: async ({ tx, input }) => {
    const connector = await needConnector(tx, input.connector)
    const { key, set, before } = input
    // Both may have been changed since the run began.
    if (connector.mode !== 'enforce') throw fault('connector_wrong', { about: `${connector.name} does not write` })
    if ((await identitiesSighted(tx, [key])).get(key) !== input.identity)
      throw fault('connector_wrong', { about: 'what is to be tagged is no longer of this identity' })
    return {
      output: { connector: connector.id, key },
      change: TAG_NAMES.flatMap((name) =>
        set[name] === undefined ? [] : [{ field: `tag ${name}`, before: before[name] ?? null, after: set[name] }],
      ),
      evidence: { connector: connector.id, vendor: connector.vendor, key },
    }
  },
})
