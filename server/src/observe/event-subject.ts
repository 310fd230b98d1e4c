import type { AnyDb } from '../kit/database.ts'
import type { Subject } from '../kit/operation.ts'
import type { NumberedEvent } from '../ledger/event.ts'
import type { ObservePorts } from './room.ts'

/** An event is of the team that owned what it was on; undefined where that was no team's. */
export const teamSubject = async (
  { teams }: Pick<ObservePorts, 'teams'>,
  db: AnyDb,
  { on }: NumberedEvent,
): Promise<Subject | undefined> => {
  if (on?.team == null) return undefined
  const name = (await teams.find(db, on.team))?.name ?? null
  return { type: 'Team', id: on.team, name, environment: null, team: on.team }
}
