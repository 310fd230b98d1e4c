import type { AnyDb } from '../kit/database.ts'
import type { Subject } from '../kit/operation.ts'
import type { Grant } from './domain/grant.ts'
import type { PolicyPorts } from './room.ts'
import { identitySubject } from './views.ts'

/** A grant is about the identity that holds it. */
export const grantSubject = (ports: PolicyPorts, db: AnyDb, grant: Grant): Promise<Subject> =>
  identityIdSubject(ports, db, grant.identity)

/** An identity by its id, also when it is no longer there. */
export const identityIdSubject = async (ports: PolicyPorts, db: AnyDb, id: string): Promise<Subject> => {
  const identity = await ports.identities.find(db, id)
  return identity === undefined
    ? { type: 'Identity', id, name: null, environment: null, team: null }
    : identitySubject(identity)
}

/** A team by its id, also when it is no longer there. */
export const teamSubject = async (ports: Pick<PolicyPorts, 'identities'>, db: AnyDb, id: string): Promise<Subject> => {
  const name = (await ports.identities.findTeam(db, id))?.name ?? null
  return { type: 'Team', id, name, environment: null, team: id }
}
