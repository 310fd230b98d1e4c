import { buildScopeIndex, type Entity, type PolicyEst, possibilityOf, type Request } from '@reeve/cedar'
import { linesOf, WILDCARD } from '../domain/reach.ts'
import type { Effect, Resource } from '../domain/resource.ts'
import { readSource } from '../engine/index.ts'
import { isGuardrail, modeKey, sourcesOf } from '../memory/base.ts'
import { identityEntities, uid } from '../memory/entities.ts'
import type { PolicyIdentity } from '../room.ts'
import type { Side } from './grounds.ts'
import { actionEntities, registerWorld } from './register-world.ts'

/** An action of a resource. */
export interface Pair {
  readonly resource: string
  readonly action: string
}

/** Whether an identity may do something: whatever the context, under some contexts, or not at all. */
export type Level = 'none' | 'conditional' | 'always'

/** What an identity may do, by which policies and grants, and on what terms these stand. */
export interface Right {
  readonly level: Level
  readonly via: readonly string[]
  readonly terms: string
}

/** One side of a plan as rights, over what the register knows and with the context left open. */
export interface RightsSide {
  resource(id: string): Resource | undefined
  effect(pair: Pair): Effect | undefined
  /** What anybody could be permitted by a policy, and what this identity is granted. */
  pairsOf(identity: PolicyIdentity): readonly Pair[]
  right(identity: PolicyIdentity, pair: Pair, now: Date): Right
}

interface Written {
  readonly id: string
  readonly est: PolicyEst
  readonly text: string
}

const NOTHING: Right = { level: 'none', via: [], terms: '' }

/** The rights of one side. */
export const rightsSide = (side: Side): RightsSide => {
  const base = side.base()
  const { resources, texts } = base.stored
  const actions = actionEntities(resources)
  const written = sourcesOf(texts).sources.flatMap((source): Written[] => {
    const isOnTrial = base.reportOnly.has(modeKey('policy', source.id)) && !isGuardrail(source)
    const est = readSource(source.text)
    return est === undefined || isOnTrial ? [] : [{ id: source.id, est, text: source.text }]
  })
  const index = buildScopeIndex(written)
  const permitted = pairsOfPolicies(
    written.filter(({ est }) => est.effect === 'permit'),
    resources,
    actions,
    base.entities,
  )
  const granted = (identity: PolicyIdentity): readonly Pair[] =>
    side.grants(identity.id).flatMap((grant) =>
      linesOf(grant, base.bundle).flatMap((line) => {
        const all = base.resource(line.resource)?.actions.map(({ name }) => name) ?? []
        const names = line.actions.includes(WILDCARD) ? all : line.actions
        return names.map((action) => ({ resource: line.resource, action }))
      }),
    )
  return {
    resource: base.resource,
    effect: ({ resource, action }) => base.resource(resource)?.actions.find(({ name }) => name === action)?.effect,
    pairsOf: (identity) => [...permitted, ...granted(identity)],
    right: (identity, pair, now) => {
      const resource = base.resource(pair.resource)
      const known = base.entities.get(pair.resource)
      const action = actions.get(pair.action)
      const isThere = resource?.actions.some(({ name }) => name === pair.action) === true
      if (known === undefined || action === undefined || !isThere) return NOTHING
      const entities = [...identityEntities(identity), known, action]
      const named = { principal: uid('Identity', identity.id), action: action.uid, resource: known.uid }
      const found = index.candidates({ ...named, context: {}, entities })
      return rightFrom(side, { identity, pair, now, found, world: registerWorld(named, entities) })
    },
  }
}

const rightFrom = (
  side: Side,
  asked: {
    readonly identity: PolicyIdentity
    readonly pair: Pair
    readonly now: Date
    readonly found: readonly Written[]
    readonly world: ReturnType<typeof registerWorld>
  },
): Right => {
  const { identity, pair, now, found, world } = asked
  const terms: string[] = []
  const via: string[] = []
  let level: Level = 'none'
  const give = (name: string, isAlways: boolean, on: string): void => {
    via.push(name)
    terms.push(on)
    if (isAlways) level = 'always'
    else if (level === 'none') level = 'conditional'
  }
  for (const grant of side.grants(identity.id)) {
    if (grant.expiresAt <= now) continue
    const lines = linesOf(grant, side.base().bundle)
    const isReached = lines.some(
      ({ resource, actions }) =>
        resource === pair.resource && (actions.includes(WILDCARD) || actions.includes(pair.action)),
    )
    const conditions = Object.values(grant.conditions).filter((value) => value !== undefined)
    if (isReached) give(grant.id, conditions.length === 0, JSON.stringify([grant.name, grant.conditions]))
  }
  let isLimited = false
  for (const { id, est, text } of found) {
    const possibility = possibilityOf(est.conditions, world)
    if (possibility === 'never') continue
    if (est.effect === 'permit') give(id, possibility === 'always', text)
    else if (possibility === 'always') return NOTHING
    else {
      isLimited = true
      terms.push(text)
    }
  }
  if (level === 'none') return NOTHING
  return { level: isLimited ? 'conditional' : level, via, terms: JSON.stringify(terms.sort()) }
}

// Whoever asks: where the head's principal is left out, what is found is all that anybody could be permitted.
const pairsOfPolicies = (
  permits: readonly Written[],
  resources: readonly Resource[],
  actions: ReadonlyMap<string, Entity>,
  entities: ReadonlyMap<string, Entity>,
): readonly Pair[] =>
  pairsOfHeads(
    permits.map(({ id, est }) => ({ id, est })),
    resources,
    actions,
    entities,
  )

/** Every action of every resource that one of these heads speaks of, whoever acts. */
export const pairsOfHeads = (
  heads: readonly { readonly id: string; readonly est: Pick<PolicyEst, 'principal' | 'action' | 'resource'> }[],
  resources: readonly Resource[],
  actions: ReadonlyMap<string, Entity>,
  entities: ReadonlyMap<string, Entity>,
): readonly Pair[] => {
  const open = buildScopeIndex(
    heads.map(({ id, est: { action, resource } }) => ({ id, est: { principal: { op: 'All' }, action, resource } })),
  )
  const request = (resource: Entity, action: Entity): Request => ({
    principal: uid('Identity', 'anybody'),
    action: action.uid,
    resource: resource.uid,
    context: {},
    entities: [resource, action],
  })
  return resources.flatMap((resource) => {
    const entity = entities.get(resource.id)
    if (entity === undefined) return []
    return resource.actions.flatMap(({ name }) => {
      const action = actions.get(name)
      const isNamed = action !== undefined && open.candidates(request(entity, action)).length > 0
      return isNamed ? [{ resource: resource.id, action: name }] : []
    })
  })
}
