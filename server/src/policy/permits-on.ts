import { buildScopeIndex, type Entity, type PolicyEst, possibilityOf, type ScopeIndex } from '@reeve/cedar'
import type { AnyTx } from '../kit/database.ts'
import type { Application } from './domain/application.ts'
import type { PolicyText } from './domain/policy-set.ts'
import { calledGrave, gravity, isPrivileged, type Resource, type ResourceAction } from './domain/resource.ts'
import { readSource } from './engine/index.ts'
import { mayBeIdentity, permittedTypes } from './head-reach.ts'
import { sourcesOf } from './memory/base.ts'
import { resourceEntity, teamEntity, uid } from './memory/entities.ts'
import { actionEntities, registerWorld } from './plan/register-world.ts'
import { allTexts, holdTexts } from './store-set.ts'

/** The permits that stand, for all that one change registers. */
export interface Permits {
  /** Keeps others from changing texts, or registering what they may permit, until this transaction ends. */
  hold(): Promise<void>
  /** Those that are held; read once, and only where something takes an approval to permit. */
  read(): Promise<ReadPermits>
}

interface Permit {
  readonly id: string
  readonly est: PolicyEst
}

interface ReadPermits {
  readonly permits: readonly Permit[]
  /** By their heads, whoever the principal is. */
  readonly byHead: ScopeIndex<Permit>
  /** The forbids of the same texts. */
  readonly forbidsByHead: ScopeIndex<Permit>
}

/**
 * The permits of the stored texts that stay. INVARIANT: the texts are held until the end of the transaction, so that a
 * permit and what falls under it are never each judged without the other.
 */
export const createPermits = (tx: AnyTx, stays: (text: PolicyText) => boolean = () => true): Permits => {
  let held: Promise<void> | undefined
  let read: Promise<ReadPermits> | undefined
  const hold = (): Promise<void> => {
    held ??= holdTexts(tx)
    return held
  }
  return {
    hold,
    read: () => {
      read ??= hold().then(() => readPermits(tx, stays))
      return read
    },
  }
}

const readPermits = async (tx: AnyTx, stays: (text: PolicyText) => boolean): Promise<ReadPermits> => {
  const policies = sourcesOf((await allTexts(tx)).filter(stays)).sources.map(({ id, text }): Permit => {
    const est = readSource(text)
    if (est === undefined) throw new Error(`the stored policy ${id} cannot be read`)
    return { id, est }
  })
  const permits = policies.filter(({ est }) => est.effect === 'permit')
  const forbids = policies.filter(({ est }) => est.effect === 'forbid' && mayBeIdentity(est.principal))
  const ofIdentities = permits.filter(({ est }) => mayBeIdentity(est.principal))
  return { permits, byHead: indexOf(ofIdentities), forbidsByHead: indexOf(forbids) }
}

const indexOf = (policies: readonly Permit[]): ScopeIndex<Permit> =>
  buildScopeIndex(policies.map(({ id, est }) => ({ id, est: { ...est, principal: { op: 'All' } as const } })))

/** A resource with the team that owns it, as policies see it. */
export interface OwnedResource {
  readonly resource: Resource
  readonly team: { readonly id: string; readonly name: string } | undefined
}

/**
 * What a resource, as it is registered now, gives somebody under a permit that was there before, if that would have
 * taken an approval to permit: whoever approved the permit could not know of it. What the permit gave as much of on the
 * resource as it was is nothing new.
 */
export const newlyPermitted = async (
  permits: Permits,
  before: OwnedResource | undefined,
  after: OwnedResource,
): Promise<string | undefined> => {
  await permits.hold()
  // In another environment it is open to others than before.
  const was = before?.resource.environment === after.resource.environment ? before : undefined
  const known = new Map(was?.resource.actions.map((action) => [action.name, action]))
  for (const action of after.resource.actions) {
    const grave = gravity(action, after.resource)
    const earlier = known.get(action.name)
    if (grave === 0) continue
    const { byHead } = await permits.read()
    const had = was === undefined || earlier === undefined ? [] : policiesOf(byHead, was, earlier)
    const least = was === undefined || earlier === undefined ? 0 : gravity(earlier, was.resource)
    const other = policiesOf(byHead, after, action).find((id) => least < grave || !had.includes(id))
    if (other !== undefined)
      return `${other} permits ${action.name} on ${after.resource.name}, which is ${calledGrave(action, after.resource)}`
  }
  return undefined
}

/**
 * A forbid that stands and speaks of a resource as it was, and not of what it would be: under another name, of another
 * team, or with another word for what it holds, it is out of reach for whoever wrote the forbid.
 */
export const noLongerForbidden = async (
  permits: Permits,
  before: OwnedResource,
  after: OwnedResource,
): Promise<string | undefined> => {
  if (seenOf(before.resource) === seenOf(after.resource)) return undefined
  const { forbidsByHead } = await permits.read()
  for (const action of after.resource.actions) {
    if (!before.resource.actions.some(({ name }) => name === action.name)) continue
    const still = policiesOf(forbidsByHead, after, action)
    const lost = policiesOf(forbidsByHead, before, action).find((id) => !still.includes(id))
    if (lost !== undefined) return `${lost} would no longer forbid ${action.name} on ${after.resource.name}`
  }
  return undefined
}

// What policies see of it, beside its actions.
const seenOf = ({ name, uri, environment, sensitivity, isCustomerFacing, owner }: Resource): string =>
  JSON.stringify([name, uri, environment, sensitivity, isCustomerFacing, owner])

/** Which of these policies may hold for somebody who does this; the context and who it is are open. */
const policiesOf = (byHead: ScopeIndex<Permit>, { resource, team }: OwnedResource, action: ResourceAction) => {
  const acts = actionEntities([resource]).get(action.name)
  if (acts === undefined) return []
  const entity = resourceEntity(resource)
  const entities: Entity[] = [entity, acts, ...(team === undefined ? [] : [teamEntity(team)])]
  const named = { action: acts.uid, resource: entity.uid }
  const world = registerWorld(named, entities)
  return byHead
    .candidates({ ...named, principal: uid('Identity', ''), context: {}, entities })
    .filter(({ est }) => possibilityOf(est.conditions, world) !== 'never')
    .map(({ id }) => id)
}

/** The same of an application's things. A permit for nobody registered is asked only for what is privileged or impersonates. */
export const newlyPermittedIn = async (
  held: Permits,
  before: Application | undefined,
  after: Application,
): Promise<string | undefined> => {
  await held.hold()
  if (!after.resources.some((type) => type.actions.some((action) => gravity(action, type) > 0))) return undefined
  const { permits } = await held.read()
  const was = before?.environment === after.environment ? before : undefined
  const given = (application: Application) => permits.flatMap((permit) => graveOf(permit, application))
  const had = new Map((was === undefined ? [] : given(was)).map(({ key, grave }) => [key, grave]))
  return given(after).find(({ key, grave }) => (had.get(key) ?? 0) < grave)?.said
}

/** Each is what one permit gives of one type that takes an approval, how grave that is, and in words. */
const graveOf = (
  { id, est }: Permit,
  application: Application,
): readonly { readonly key: string; readonly grave: number; readonly said: string }[] =>
  permittedTypes(est, application).flatMap((type) =>
    type.actions
      .filter(({ effect }) => isPrivileged(effect) || mayBeIdentity(est.principal))
      .map((action) => ({
        key: JSON.stringify([id, type.name, action.name]),
        grave: gravity(action, type),
        said: `${id} permits ${action.name} on ${type.name}, which is ${calledGrave(action, type)}`,
      })),
  )
