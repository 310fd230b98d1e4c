import { ISOLATION, isolationSubject } from '../domain/isolation.ts'
import type { Resource } from '../domain/resource.ts'
import { grantOfPolicy } from '../memory/grant-sources.ts'
import { type Pair, type RightsSide, rightsSide } from '../plan/rights-side.ts'
import type { PolicyIdentity } from '../room.ts'
import type { PropertyInput } from './access-test.ts'
import type { TestWorld } from './judge-cases.ts'
import type { TestView } from './tested-view.ts'

const PAGE = 500
const SHOWN_MAX = 20
const VIA_MAX = 5

/**
 * Judges properties over the whole register. What is not known before a request is left open, so that a property that
 * holds does so whatever a request comes with; what a grant or a policy gives under conditions breaks it.
 */
export const judgeProperties = async (
  world: TestWorld,
  properties: readonly PropertyInput[],
): Promise<readonly TestView[]> => {
  if (properties.length === 0) return []
  const { tx, ports, side } = world
  const rights = rightsSide(side, world.now)
  const lines = createAbove(world)
  const { resources } = side.base().stored
  const asked = properties.map(
    (property): Asked => ({
      property,
      pairs: pairsOf(world, property, resources),
      broken: [],
      held: 0,
      isFound: property.never.identity.name === undefined,
    }),
  )
  for (const { property, broken } of asked) {
    const { owner } = property.never.identity
    // A team that is not there owns nothing, so that what is never so for it would hold for ever.
    if (owner !== undefined && (await ports.identities.findTeam(tx, owner)) === undefined)
      broken.push(`there is no team ${owner}`)
  }
  for (let last = ''; ; ) {
    const page = await ports.identities.list(tx, last, PAGE)
    for (const identity of page) await judgeIdentity(world, { rights, above: lines }, asked, identity)
    last = page.at(-1)?.id ?? ''
    if (page.length < PAGE) break
  }
  return asked.map((one) => viewOf(one, resources))
}

interface Asked {
  readonly property: PropertyInput
  readonly pairs: ReadonlySet<string>
  readonly broken: string[]
  held: number
  isFound: boolean
}

interface Register {
  readonly rights: RightsSide
  above(identity: PolicyIdentity): Promise<readonly PolicyIdentity[] | undefined>
}

// Those above an identity, each read once; undefined where one of them is not there, so that nothing is allowed.
const createAbove = ({ tx, ports }: TestWorld): Register['above'] => {
  const read = new Map<string, PolicyIdentity | undefined>()
  return async (identity) => {
    const found: PolicyIdentity[] = []
    for (let { parent } = identity; parent !== null && found.length <= GENERATIONS_MAX; ) {
      if (!read.has(parent)) read.set(parent, await ports.identities.find(tx, parent))
      const above = read.get(parent)
      if (above === undefined || above.state === 'retired') return undefined
      found.push(above)
      parent = above.parent
    }
    return found
  }
}

const GENERATIONS_MAX = 10

const judgeIdentity = async (
  world: TestWorld,
  register: Register,
  asked: readonly Asked[],
  identity: PolicyIdentity,
): Promise<void> => {
  const about = asked.filter(({ property }) => isMeant(world, property, identity))
  for (const one of about) {
    one.isFound = true
    one.held += one.pairs.size
  }
  if (about.length === 0) return
  // What is neither granted nor named by a permit, nobody may do: it need not be looked at.
  const possible = new Map(register.rights.pairsOf(identity).map((pair) => [`${pair.resource} ${pair.action}`, pair]))
  for (const [key, pair] of possible) {
    const touched = about.filter(({ pairs }) => pairs.has(key))
    const sentence = touched.length === 0 ? undefined : await rightOf(world, register, identity, pair)
    if (sentence !== undefined) for (const one of touched) one.broken.push(sentence)
  }
}

const rightOf = async (
  world: TestWorld,
  { rights, above }: Register,
  identity: PolicyIdentity,
  pair: Pair,
): Promise<string | undefined> => {
  const resource = rights.resource(pair.resource)
  const line = await above(identity)
  if (resource === undefined || line === undefined) return undefined
  const right = rights.right(identity, line, pair)
  if (right.level === 'none') return undefined
  if (await isKeptApart(world, identity, resource)) return undefined
  const how = right.level === 'always' ? '' : ' under conditions'
  const by = [...new Set(right.via.map((id) => nameOf(world, identity, id)))].slice(0, VIA_MAX).join(', ')
  return `${identity.name} may ${pair.action} on ${resource.name}${how}, by ${by}`
}

const viewOf = ({ property, broken, held, isFound }: Asked, resources: readonly Resource[]): TestView => {
  const { name, never } = property
  const wrong = [
    ...unknownIn(property, resources),
    ...(isFound ? [] : [`there is no identity ${never.identity.name}`]),
    ...broken.slice(0, SHOWN_MAX),
    ...(broken.length > SHOWN_MAX ? [`and ${broken.length - SHOWN_MAX} more`] : []),
  ]
  return { name, kind: 'property', isPassed: wrong.length === 0, wrong, decided: null, pairs: held }
}

const isMeant = ({ ports }: TestWorld, { never }: PropertyInput, identity: PolicyIdentity): boolean => {
  const { name, environment, kind, owner } = never.identity
  return (
    (name === undefined || [identity.id, identity.name].includes(name)) &&
    (environment === undefined || ports.environments.normal(environment) === identity.environment) &&
    (kind === undefined || kind === identity.kind) &&
    (owner === undefined || [identity.owner.id, identity.owner.name].includes(owner))
  )
}

const pairsOf = (
  { ports }: TestWorld,
  { never }: PropertyInput,
  resources: readonly Resource[],
): ReadonlySet<string> => {
  const { name, environment, sensitivity } = never.resource
  const { actions, effects } = never
  const meant = resources.filter(
    (resource) =>
      (name === undefined || [resource.id, resource.name, resource.uri].includes(name)) &&
      (environment === undefined || ports.environments.normal(environment) === resource.environment) &&
      (sensitivity === undefined || sensitivity === resource.sensitivity),
  )
  const pairs = meant.flatMap((resource) =>
    resource.actions
      .filter((action) => actions?.includes(action.name) !== false && effects?.includes(action.effect) !== false)
      .map((action) => `${resource.id} ${action.name}`),
  )
  return new Set(pairs)
}

// A name that means nothing would hold for ever.
const unknownIn = ({ never }: PropertyInput, resources: readonly Resource[]): readonly string[] => {
  const actions = new Set(resources.flatMap((resource) => resource.actions.map(({ name }) => name)))
  const { name } = never.resource
  const isThere = name === undefined || resources.some((one) => [one.id, one.name, one.uri].includes(name))
  return [
    ...(never.actions ?? []).filter((action) => !actions.has(action)).map((action) => `no resource has ${action}`),
    ...(isThere ? [] : [`there is no resource ${name}`]),
  ]
}

// INVARIANT: without a live exception environments never meet, whatever policies say.
const isKeptApart = async (
  { tx, ports, now }: TestWorld,
  identity: PolicyIdentity,
  resource: Resource,
): Promise<boolean> => {
  if (identity.environment === resource.environment) return false
  const subject = isolationSubject(identity.id, resource.id)
  return (await ports.exceptions.find(tx, ISOLATION, subject, now)) === undefined
}

const nameOf = ({ side }: TestWorld, identity: PolicyIdentity, id: string): string => {
  const grant = side.grants(identity.id).find((one) => one.id === grantOfPolicy(id))
  return grant === undefined ? id : `grant ${grant.name}`
}
