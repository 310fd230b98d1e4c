import type { Handle } from '../kit/database.ts'
import type { TaggedIdentity, TagTarget, TagWrite } from './domain/connector-tags.ts'
import { tagWrites } from './domain/connector-tags.ts'
import type { InventoryTables } from './schema.ts'
import { findIdentity } from './store-identity.ts'
import { identitiesSighted } from './store-sighting.ts'
import { findTeam } from './store-team.ts'

const KEYS_AT_ONCE = 200

/** What of these is to be tagged otherwise than it is, as the register stands now. */
export const writesFor = async (
  db: Handle<InventoryTables>,
  targets: readonly TagTarget[],
  fits: (value: string) => boolean,
): Promise<readonly TagWrite[]> => {
  const writes: TagWrite[] = []
  for (let at = 0; at < targets.length; at += KEYS_AT_ONCE) {
    const some = targets.slice(at, at + KEYS_AT_ONCE)
    const sighted = await identitiesSighted(
      db,
      some.map(({ key }) => key),
    )
    const identities = new Map<string, TaggedIdentity>()
    for (const [key, id] of sighted) {
      const identity = await findIdentity(db, id)
      if (identity === undefined || identity.state === 'retired') continue
      const owner = (await findTeam(db, identity.ownerId))?.name ?? identity.ownerId
      identities.set(key, { ...identity, owner })
    }
    writes.push(...tagWrites(some, identities, fits))
  }
  return writes
}
