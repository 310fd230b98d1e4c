import { operation } from '../room.ts'
import { stopOwner } from '../stop-owner.ts'
import { OwnerStopInput, OwnerStopView } from '../stop-shape.ts'
import { needTeam, teamSubject } from '../subject.ts'

/** Stops all identities of a team everywhere; a release undoes it. */
export const quarantineOwner = operation.write({
  name: 'inventory.owner.quarantine',
  summary: 'stop all identities of a team, now and everywhere, until it is released',
  input: OwnerStopInput,
  output: OwnerStopView,
  faults: ['wrong_state'],
  on: async ({ tx, input }) => teamSubject(await needTeam(tx, input.owner)),
  run: stopOwner('quarantined', ({ tx, ports, reason, by, now }, id) =>
    ports.stops.stop(tx, { scope: 'owner', id, verb: 'quarantine', reason, by, now, until: null }),
  ),
})
