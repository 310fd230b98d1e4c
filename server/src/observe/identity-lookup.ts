import type { AnyTx } from '../kit/database.ts'
import type { KnownIdentity, ObservePorts } from './room.ts'

/** Looks identities up by their ids, each once, for what is written in one transaction. */
export const createIdentityLookup = (identities: ObservePorts['identities'], tx: AnyTx) => {
  const known = new Map<string, KnownIdentity | undefined>()
  return async (id: string | null): Promise<KnownIdentity | undefined> => {
    if (id === null) return undefined
    if (!known.has(id)) known.set(id, await identities.find(tx, id))
    return known.get(id)
  }
}
