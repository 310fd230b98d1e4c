import type { Handle } from '../kit/database.ts'
import { coreFault } from '../kit/fault.ts'
import type { Subject } from '../kit/operation.ts'
import type { Connector } from './domain/connector.ts'
import type { Identity, Team } from './domain/identity.ts'
import type { Sighting } from './domain/sighting.ts'
import type { InventoryTables } from './schema.ts'
import { findConnector } from './store-connector.ts'
import { findIdentity, lockIdentity } from './store-identity.ts'
import { findSighting } from './store-sighting.ts'
import { findTeam } from './store-team.ts'

type Db = Handle<InventoryTables>

/** An identity as the policy and the log name it. */
export const identitySubject = (identity: Identity): Subject => ({
  type: 'Identity',
  id: identity.id,
  name: identity.name,
  environment: identity.environment,
  team: identity.ownerId,
  tags: identity.tags,
})

/** A team as the policy and the log name it. */
export const teamSubject = (team: Team): Subject => ({
  type: 'Team',
  id: team.id,
  name: team.name,
  environment: null,
  team: team.id,
})

/** The identity that a call is about; `not_found` where there is none. */
export const needIdentity = async (db: Db, idOrName: string): Promise<Identity> => {
  const identity = await findIdentity(db, idOrName)
  if (identity === undefined) throw coreFault('not_found', { about: `identity ${idOrName}` })
  return identity
}

/** As `needIdentity`, locked until this transaction ends. */
export const needLocked = async (tx: Db, idOrName: string): Promise<Identity> => {
  const { id } = await needIdentity(tx, idOrName)
  const locked = await lockIdentity(tx, id)
  if (locked === undefined) throw coreFault('not_found', { about: `identity ${idOrName}` })
  return locked
}

/** An identity that a call names beside what it is about: what the caller may not know of is not there. */
export const seenIdentity = async (
  db: Db,
  sees: (subject: Subject) => boolean,
  idOrName: string,
): Promise<Identity> => {
  const identity = await findIdentity(db, idOrName)
  if (identity === undefined || !sees(identitySubject(identity)))
    throw coreFault('not_found', { about: `identity ${idOrName}` })
  return identity
}

/** A team that a call names beside what it is about: what the caller may not know of is not there. */
export const seenTeam = async (db: Db, sees: (subject: Subject) => boolean, idOrName: string): Promise<Team> => {
  const team = await findTeam(db, idOrName)
  if (team === undefined || !sees(teamSubject(team))) throw coreFault('not_found', { about: `team ${idOrName}` })
  return team
}

/** A sighting: nobody's is open to all, one that is an identity only to who may know of that. */
export const seenSighting = async (db: Db, sees: (subject: Subject) => boolean, id: string): Promise<Sighting> => {
  const sighting = await findSighting(db, id)
  const identity = sighting?.identityId == null ? undefined : await findIdentity(db, sighting.identityId)
  if (sighting === undefined || (identity !== undefined && !sees(identitySubject(identity))))
    throw coreFault('not_found', { about: `sighting ${id}` })
  return sighting
}

/** A sighting by id; `not_found` where there is none. */
export const needSighting = async (db: Db, id: string): Promise<Sighting> => {
  const sighting = await findSighting(db, id)
  if (sighting === undefined) throw coreFault('not_found', { about: `sighting ${id}` })
  return sighting
}

/** The team that a call is about; `not_found` where there is none. */
export const needTeam = async (db: Db, idOrName: string): Promise<Team> => {
  const team = await findTeam(db, idOrName)
  if (team === undefined) throw coreFault('not_found', { about: `team ${idOrName}` })
  return team
}

/** The connector that a call is about; `not_found` where there is none. */
export const needConnector = async (db: Db, idOrName: string): Promise<Connector> => {
  const connector = await findConnector(db, idOrName)
  if (connector === undefined) throw coreFault('not_found', { about: `connector ${idOrName}` })
  return connector
}
