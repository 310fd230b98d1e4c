import type { Transaction } from 'kysely'
import type { InventoryPorts } from './room.ts'
import type { InventoryTables } from './schema.ts'
import { holdersOf, ownersOf } from './store-alias.ts'

/** An identity that a key stands for, and its team. */
export interface Holder {
  readonly id: string
  readonly ownerId: string
}

const CLIENT = 'client:'

/** Whose these stable keys are: by what people said, by Reeve's own client ids, and by what other rooms know. */
export const holdersOfKeys = async (
  tx: Transaction<InventoryTables>,
  ports: Pick<InventoryPorts, 'keys'>,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Holder>> => {
  const once = [...new Set(keys)]
  const said = await holdersOf(tx, once)
  const rest = once.filter((key) => !said.has(key))
  const named = new Map(await ports.keys.holders(tx, rest))
  for (const key of rest) if (key.startsWith(CLIENT)) named.set(key, key.slice(CLIENT.length))
  const owners = await ownersOf(tx, [...new Set(named.values())])
  const found = new Map(said)
  for (const [key, id] of named) {
    const holder = owners.get(id)
    if (holder !== undefined) found.set(key, holder)
  }
  return found
}
