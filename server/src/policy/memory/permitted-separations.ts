import { type Entity, type PolicyEst, possibilityOf, type World } from '@reeve/cedar'
import type { Application } from '../domain/application.ts'
import { isSensitive, type Resource } from '../domain/resource.ts'
import { OPEN, OUTSIDE, openTypesOf } from '../domain/separation.ts'
import { namedActions, readSource, type SourcePolicy, separationOfPermit } from '../engine/index.ts'
import { mayBeIdentity, mayBeResource, permittedTypes } from '../head-reach.ts'
import { actionEntities, registerWorld } from '../plan/register-world.ts'
import { resourceEntity, uid } from './entities.ts'
import { whatOfResource } from './what-of-resource.ts'

/** The forbids that permits bring with them: whoever may read what is sensitive by one writes nothing where others read. */
export type PermittedSeparations = (
  sources: readonly SourcePolicy[],
  stored: { readonly resources: readonly Resource[]; readonly applications: readonly Application[] },
) => readonly SourcePolicy[]

/** Makes them; each text is read once as long as it stays, and judged again when what is registered changes. */
export const createPermittedSeparations = (): PermittedSeparations => {
  let known = new Map<string, PolicyEst | undefined>()
  let judged = new Map<string, boolean>()
  let judgedOn = ''
  return (sources, { resources, applications }) => {
    known = new Map(sources.map(({ text }) => [text, known.has(text) ? known.get(text) : readSource(text)]))
    const sensitive = resources.filter((one) => isSensitive(one.sensitivity))
    const registered = JSON.stringify([sensitive, applications.map(({ name, resources: types }) => [name, types])])
    if (registered !== judgedOn) judged = new Map()
    judgedOn = registered
    const readable = sensitive.flatMap(readableOf)
    const isReading = (est: PolicyEst): boolean =>
      readsAny(est, readable) || applications.some((one) => readsIn(est, one))
    const terms = { boundaries: OUTSIDE, sensitivities: OPEN, openTypes: openTypesOf(applications) }
    const next = new Map<string, boolean>()
    const made = sources.flatMap(({ id, text, origin }) => {
      const est = known.get(text)
      if (est?.effect !== 'permit' || !mayBeIdentity(est.principal)) return []
      const reads = judged.get(text) ?? isReading(est)
      next.set(text, reads)
      return reads ? [separationOfPermit({ id, est, origin }, terms)] : []
    })
    judged = next
    return made
  }
}

/** A read of what is sensitive, and what is known of it before anybody asks. */
interface Readable {
  readonly resource: Resource
  readonly action: string
  readonly entity: Entity
  readonly world: World
}

const readableOf = (resource: Resource): readonly Readable[] => {
  const acts = actionEntities([resource])
  const entity = resourceEntity(resource)
  return resource.actions.flatMap(({ name, effect }) => {
    const action = acts.get(name)
    if (effect !== 'read' || action === undefined) return []
    const world = registerWorld({ action: uid('Action', name), resource: entity.uid }, [entity, action])
    // A team stands for its name as well, which only a request knows.
    const isIn: World['isIn'] = (one, group) => (group.type === 'Reeve::Team' ? undefined : world.isIn(one, group))
    return [{ resource, action: name, entity, world: { ...world, isIn } }]
  })
}

/** Whether a permit may give somebody one of these reads; who asks and the context are open. */
const readsAny = (est: PolicyEst, readable: readonly Readable[]): boolean => {
  const named = namedActions(est.action)
  const isNamed = (action: string) =>
    named === undefined || named.some(({ id }) => id === action || id === 'access:read')
  const { attributes, isMore } = whatOfResource(est.conditions)
  // Thousands of resources are alike in what most conditions look at: one of each kind is enough.
  const never = new Set<string>()
  return readable.some(({ resource, action, entity, world }) => {
    if (!mayBeResource(est.resource, resource) || !isNamed(action)) return false
    const kind = isMore ? undefined : JSON.stringify(attributes.map((name) => entity.attrs[name] ?? null))
    if (kind !== undefined && never.has(kind)) return false
    if (possibilityOf(est.conditions, world) !== 'never') return true
    if (kind !== undefined) never.add(kind)
    return false
  })
}

const readsIn = (est: PolicyEst, application: Application): boolean =>
  permittedTypes(est, application).some(
    ({ sensitivity, actions }) => isSensitive(sensitivity) && actions.some(({ effect }) => effect === 'read'),
  )
