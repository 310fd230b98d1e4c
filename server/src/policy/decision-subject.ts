import type { AnyDb } from '../kit/database.ts'
import { DEPLOYMENT, type Subject } from '../kit/operation.ts'
import type { RecordedDecision } from './recorded-decision.ts'
import type { PolicyPorts } from './room.ts'
import { identityIdSubject } from './subject.ts'

/** A decision is about the identity that asked; a person's is about the whole deployment. */
export const decisionSubject = async (ports: PolicyPorts, db: AnyDb, { event }: RecordedDecision): Promise<Subject> => {
  const { principalType, id } = event.actor
  return principalType === 'nhi' && id !== null ? identityIdSubject(ports, db, id) : DEPLOYMENT
}
