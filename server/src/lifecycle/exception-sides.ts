import type { AnyDb } from '../kit/database.ts'
import { neededAt, neededTogether } from '../needed.ts'
import type { Needed } from '../settings.ts'
import { identityOf } from './exception-shape.ts'
import type { LifecyclePorts } from './room.ts'

/** The teams that an exception concerns: that of the identity and, where it names one, that of the resource. */
export const sidesOf = async (
  ports: LifecyclePorts,
  db: AnyDb,
  subject: string,
): Promise<readonly (string | null)[]> => {
  const { identity, resource } = await partsOf(ports, db, subject)
  return [identity?.owner.id ?? null, ...(isAcross(subject) ? [resource?.owner ?? null] : [])]
}

/**
 * What an exception needs approved: as the tier of its identity has it. One that lets an identity across to a resource
 * takes a security approver and the owners of both sides, whatever its tier.
 */
export const exceptionNeeds = async (
  ports: LifecyclePorts,
  db: AnyDb,
  exception: { readonly kind: string; readonly subject: string },
): Promise<Needed> => {
  const { kind, subject } = exception
  const { identity, resource } = await partsOf(ports, db, subject)
  const teams = await sidesOf(ports, db, subject)
  const name = identity?.name ?? identityOf(subject)
  // An exception is looked for by the id of an identity: one of nobody lifts nothing, and takes security's word.
  const byTier = neededAt(identity?.tier ?? 'low', teams, `${kind} is lifted for ${name}`)
  if (!isAcross(subject)) return byTier
  const across: Needed = {
    need: 'security-and-owner',
    teams,
    why: [`${name} crosses to ${resource?.name ?? subject}`],
  }
  return neededTogether([byTier, across]) ?? across
}

const isAcross = (subject: string): boolean => subject.includes('/')

const partsOf = async (ports: LifecyclePorts, db: AnyDb, subject: string) => {
  const [identityId, resourceId] = [identityOf(subject), subject.slice(subject.indexOf('/') + 1)]
  const identity = await ports.identities.find(db, identityId)
  const resource = await ports.resources.find(db, resourceId)
  // An exception is of ids: what is only called so is another thing, with another owner; and a name could be guessed by
  // who has a say on the other side alone.
  return {
    identity: identity?.id === identityId ? identity : undefined,
    resource: resource?.id === resourceId ? resource : undefined,
  }
}
