import type { Transaction } from 'kysely'
import type { Signal } from '../kit/operation.ts'
import type { Sighting } from './domain/sighting.ts'
import type { InventoryPorts } from './room.ts'
import type { InventoryTables } from './schema.ts'
import { addAliases } from './store-alias.ts'
import { dueForJudging } from './store-due.ts'
import { manageSighting } from './store-sighting.ts'

/** Who says so, and how. */
interface Binding {
  readonly tx: Transaction<InventoryTables>
  readonly now: Date
  readonly by: string | null
  readonly because: 'adopted' | 'linked'
  readonly belongings: InventoryPorts['belongings']
  newId(prefix: string): string
}

/**
 * Makes a sighting an identity's, and its keys that identity's keys: what is seen under one of them from now on is the
 * same, and what was found about it is about that identity. A key that is somebody else's stays that. Returns what replicas
 * must be told; undefined when the sighting is managed already.
 */
export const bindSighting = async (
  sighting: Sighting,
  identity: { readonly id: string; readonly ownerId: string },
  { tx, now, by, because, belongings, newId }: Binding,
): Promise<readonly Signal[] | undefined> => {
  if (!(await manageSighting(tx, sighting.id, identity))) return undefined
  const of = { identityId: identity.id, sightingId: sighting.id, because, now, by, newId }
  await addAliases(tx, [sighting.stableKey, ...sighting.keys], of)
  // What was registered a moment ago is judged at once as it is.
  if (because === 'linked') await dueForJudging(tx, identity.id, newId)
  return belongings.follow(tx, { sighting: sighting.stableKey, from: null, to: identity })
}
