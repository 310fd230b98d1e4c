import type { Unplugged } from '../kit/operation.ts'
import { changeTeam } from './operations/change-team.ts'
import { createIdentity } from './operations/create-identity.ts'
import { createTeam } from './operations/create-team.ts'
import { listIdentities } from './operations/list-identities.ts'
import { listTeams } from './operations/list-teams.ts'
import { showIdentity } from './operations/show-identity.ts'
import { showTeam } from './operations/show-team.ts'
import type { InventoryPorts } from './room.ts'

/** All that may be asked of inventory. */
export const inventoryOperations: readonly Unplugged<InventoryPorts>[] = [
  createTeam,
  showTeam,
  listTeams,
  changeTeam,
  createIdentity,
  showIdentity,
  listIdentities,
]
