import { operation } from '../room.ts'
import { stopOwner } from '../stop-owner.ts'
import { OwnerStopInput, OwnerStopView } from '../stop-shape.ts'
import { needTeam, teamSubject } from '../subject.ts'

/** Ends the quarantine of a team: each of its identities is again what it is by itself. */
export const releaseOwner = operation.write({
  name: 'inventory.owner.release',
  summary: 'end the quarantine of a team; identities that are quarantined by themselves stay so',
  input: OwnerStopInput,
  output: OwnerStopView,
  faults: ['wrong_state', 'release_not_yours'],
  on: async ({ tx, input }) => teamSubject(await needTeam(tx, input.owner)),
  run: stopOwner('active', ({ tx, ports, now }, id) => ports.stops.lift(tx, 'owner', id, now)),
})
