import type { AnyDb } from '../kit/database.ts'
import { type Subject, UNOWNED } from '../kit/operation.ts'
import type { RecordedDecision } from './recorded-decision.ts'
import type { PolicyPorts } from './room.ts'
import { identityIdSubject, teamSubject } from './subject.ts'

/** A decision is about the identity that asked; a person's is about the team of what it was on. */
export const decisionSubject = async (ports: PolicyPorts, db: AnyDb, { event }: RecordedDecision): Promise<Subject> => {
  const { principalType, id } = event.actor
  if (principalType === 'nhi' && id !== null) return identityIdSubject(ports, db, id)
  const team = event.on?.team ?? null
  return team === null ? UNOWNED : teamSubject(ports, db, team)
}
