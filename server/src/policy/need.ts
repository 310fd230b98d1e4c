import type { AnyDb } from '../kit/database.ts'
import type { Subject } from '../kit/operation.ts'
import type { Bundle } from './domain/bundle.ts'
import type { Grant } from './domain/grant.ts'
import type { Resource } from './domain/resource.ts'
import { policyFault } from './faults.ts'
import type { PolicyIdentity, PolicyPorts } from './room.ts'
import { findBundle } from './store-bundle.ts'
import { findGrant } from './store-grant.ts'
import { findResource } from './store-resource.ts'
import { resourceSubject } from './views.ts'

/** The resource that a call is about. */
export const needResource = async (db: AnyDb, named: string): Promise<Resource> => {
  const found = await findResource(db, named)
  if (found === undefined) throw policyFault('resource_not_found', { about: named })
  return found
}

/** A resource that a call names beside what it is about: what the caller may not know of is not there. */
export const seenResource = async (
  db: AnyDb,
  sees: (subject: Subject) => boolean,
  named: string,
): Promise<Resource> => {
  const found = await findResource(db, named)
  if (found === undefined || !sees(resourceSubject(found))) throw policyFault('resource_not_found', { about: named })
  return found
}

/** The bundle that a call is about. */
export const needBundle = async (db: AnyDb, named: string): Promise<Bundle> => {
  const found = await findBundle(db, named)
  if (found === undefined) throw policyFault('bundle_not_found', { about: named })
  return found
}

/** The grant that a call is about. */
export const needGrant = async (db: AnyDb, id: string): Promise<Grant> => {
  const found = await findGrant(db, id)
  if (found === undefined) throw policyFault('grant_not_found', { about: id })
  return found
}

/** The identity that a call is about. */
export const needIdentity = async (ports: PolicyPorts, db: AnyDb, named: string): Promise<PolicyIdentity> => {
  const found = await ports.identities.find(db, named)
  if (found === undefined) throw policyFault('grant_identity', { about: named })
  return found
}
