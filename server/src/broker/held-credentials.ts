import type { AnyDb } from '../kit/database.ts'
import { rulesOfKind } from './domain/credential-kind.ts'
import type { Prover } from './domain/proof-table.ts'
import { refusedOf } from './refused-by-tier.ts'
import type { BrokerPorts } from './room.ts'
import { workingCredentialsOf } from './store-credential.ts'

/** Who holds credentials. */
export interface Holder extends Prover {
  readonly id: string
}

/** What works now of each of these, and what of it their tier refuses, by identity: read once for all of them. */
export const heldBy = async (
  db: AnyDb,
  holders: readonly Holder[],
  { tiers, now }: { readonly tiers: BrokerPorts['tiers']; readonly now: Date },
) => {
  const working = await workingCredentialsOf(
    db,
    holders.map(({ id }) => id),
    now,
  )
  return new Map(
    holders.map((holder) => {
      const own = working.get(holder.id) ?? []
      const held = own.map(({ id, kind, createdAt }) => ({
        ...{ id, kind, isStatic: rulesOfKind(kind).isStatic },
        createdAt: new Date(createdAt),
      }))
      return [holder.id, { held, refused: refusedOf(holder, own, tiers, now) }]
    }),
  )
}
