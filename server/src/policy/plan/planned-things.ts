import { type CedarRecord, type Entity, uidText } from '@reeve/cedar'
import type { RecordedRequest } from '../decide/recorded-request.ts'
import { applicationIndex } from '../evaluate/application-index.ts'
import { identityEntities } from '../memory/entities.ts'
import type { PolicyIdentity } from '../room.ts'
import type { Plan } from '../store-plan.ts'
import type { Side, Sides } from './grounds.ts'

/** What a plan makes of the things that requests are decided on. */
export interface PlannedThings {
  /**
   * A recorded request with what the plan changes of its things, and all else as it was recorded; the same one where
   * the plan changes nothing of them.
   */
  asPlanned(recorded: RecordedRequest): RecordedRequest
}

/** Compares the things of both sides; `before` are the identities that the plan changes, as they are now. */
export const plannedThings = (sides: Sides, plan: Plan, before: readonly PolicyIdentity[]): PlannedThings => {
  const { delta } = plan
  const changes = new Map<string, EntityChange>()
  const compare = (was: Entity | undefined, is: Entity | undefined): void => {
    const change = was === undefined || is === undefined ? undefined : changeOf(was, is)
    if (was !== undefined && change !== undefined) changes.set(uidText(was.uid), change)
  }
  const groups = new Map<string, Entity>()
  const after = new Map(delta.identities.map((identity) => [identity.id, identity]))
  for (const id of delta.gone.identities) {
    const identity = before.find((one) => one.id === id)
    if (identity !== undefined) after.set(id, { ...identity, state: 'retired' })
  }
  for (const identity of before) {
    const [was] = identityEntities(identity)
    const [is, team] = identityEntities(after.get(identity.id) ?? identity)
    compare(was, is)
    if (team !== undefined) groups.set(uidText(team.uid), team)
  }
  for (const { id } of delta.resources)
    compare(sides.live.base().entities.get(id), sides.planned.base().entities.get(id))
  for (const [was, is] of thingsOfApplications(sides)) compare(was, is)
  const asPlanned = (entities: readonly Entity[]): readonly Entity[] => {
    if (!entities.some(({ uid }) => changes.has(uidText(uid)))) return entities
    const changed = entities.map((entity) => withChange(entity, changes.get(uidText(entity.uid))))
    const here = new Set(changed.map(({ uid }) => uidText(uid)))
    const missing = changed.flatMap(({ parents }) => parents.flatMap((parent) => groups.get(uidText(parent)) ?? []))
    return [...changed, ...missing.filter(({ uid }) => !here.has(uidText(uid)))]
  }
  return {
    asPlanned: (recorded) => {
      const entities = asPlanned(recorded.entities)
      const ancestors = recorded.ancestors?.map((one) => ({ ...one, entities: asPlanned(one.entities) }))
      const isSame =
        entities === recorded.entities &&
        ancestors?.every(({ entities: all }, at) => all === recorded.ancestors?.[at]?.entities) !== false
      if (changes.size === 0 || isSame) return recorded
      return { ...recorded, entities, ...(ancestors === undefined ? {} : { ancestors }) }
    },
  }
}

/** Whether somebody answers on this side for what a request was about: the register, or an application. */
export const isAnswered = (side: Side, { of, resource }: RecordedRequest): boolean => {
  if (of !== 'evaluation') return side.base().resource(resource.id) !== undefined
  const [namespace, type = ''] = resource.type.split('::')
  return applicationIndex(side.base().stored.applications).resource(type)?.application.name === namespace
}

interface EntityChange {
  readonly attrs: Changed
  readonly tags: Changed
  readonly parents: Entity['parents'] | undefined
}

/** Fields that are put, and those that are taken away. */
interface Changed {
  readonly put: CedarRecord
  readonly gone: readonly string[]
}

const changeOf = (was: Entity, is: Entity): EntityChange | undefined => {
  const [attrs, tags] = [changedFields(was.attrs, is.attrs), changedFields(was.tags ?? {}, is.tags ?? {})]
  const parents = JSON.stringify(was.parents) === JSON.stringify(is.parents) ? undefined : is.parents
  const isChanged = [attrs, tags].some(({ put, gone }) => gone.length + Object.keys(put).length > 0)
  return isChanged || parents !== undefined ? { attrs, tags, parents } : undefined
}

const changedFields = (was: CedarRecord, is: CedarRecord): Changed => ({
  put: Object.fromEntries(
    Object.entries(is).filter(([name, value]) => JSON.stringify(was[name]) !== JSON.stringify(value)),
  ),
  gone: Object.keys(was).filter((name) => !Object.hasOwn(is, name)),
})

const withChange = (entity: Entity, change: EntityChange | undefined): Entity =>
  change === undefined
    ? entity
    : {
        ...entity,
        attrs: withFields(entity.attrs, change.attrs),
        parents: change.parents ?? entity.parents,
        ...(entity.tags === undefined ? {} : { tags: withFields(entity.tags, change.tags) }),
      }

const withFields = (record: CedarRecord, { put, gone }: Changed): CedarRecord =>
  Object.fromEntries(Object.entries({ ...record, ...put }).filter(([name]) => !gone.includes(name)))

// What is registered of a type on both sides; a thing that is only on one is answered for, or not, as a whole.
const thingsOfApplications = (sides: Sides): readonly (readonly [Entity, Entity | undefined])[] => {
  const [live, planned] = [sides.live.base().stored.applications, sides.planned.base().stored.applications]
  if (live === planned) return []
  const [was, is] = [applicationIndex(live), applicationIndex(planned)]
  return live.flatMap(({ subjects, resources }) => [
    ...subjects.flatMap(({ type }) => pairs(was.subject(type)?.entities, is.subject(type)?.entities)),
    ...resources.flatMap(({ type }) => pairs(was.resource(type)?.entities, is.resource(type)?.entities)),
  ])
}

const pairs = (
  was: ReadonlyMap<string, Entity> = new Map(),
  is: ReadonlyMap<string, Entity> = new Map(),
): readonly (readonly [Entity, Entity | undefined])[] => [...was].map(([id, entity]) => [entity, is.get(id)])
