import type { Subject } from '../kit/operation.ts'
import type { NumberedEvent } from '../ledger/event.ts'

/** An event is of the team that owned what it was on; undefined where that was no team's. */
export const teamSubject = ({ on }: NumberedEvent): Subject | undefined =>
  on?.team == null ? undefined : { type: 'Team', id: on.team, name: null, environment: null, team: on.team }
