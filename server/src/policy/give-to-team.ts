import type { AnyTx } from '../kit/database.ts'
import { giveGrants } from './store-grant.ts'
import { giveModes } from './store-mode.ts'

/** What policy keeps of an identity goes with it to its new team. */
export const giveToTeam = async (tx: AnyTx, identity: string, team: string): Promise<void> => {
  await giveGrants(tx, identity, team)
  await giveModes(tx, 'identity', identity, team)
}
