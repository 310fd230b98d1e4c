import { buildScopeIndex, type Entity, type PolicyEst, possibilityOf, type Request, type World } from '@reeve/cedar'
import { builtinPolicies } from '../builtin-policies.ts'
import { type Grant, isKnown } from '../domain/grant.ts'
import { linesOf, WILDCARD } from '../domain/reach.ts'
import { type Effect, isPrivileged, type Resource } from '../domain/resource.ts'
import { isOutside, OPEN, readsSensitive, SEPARATION } from '../domain/separation.ts'
import { readSource, type SourcePolicy, separationId } from '../engine/index.ts'
import { isGuardrail, modeKey, sourcesOf } from '../memory/base.ts'
import { identityEntities, uid } from '../memory/entities.ts'
import type { PolicyIdentity } from '../room.ts'
import type { Side } from './grounds.ts'
import { actionEntities, registerWorld } from './register-world.ts'
import { NO_RIGHT, type Right, withinAll } from './right.ts'

/** An action of a resource. */
export interface Pair {
  readonly resource: string
  readonly action: string
}

/** One side of a plan as rights, over what the register knows and with the context left open. */
export interface RightsSide {
  resource(id: string): Resource | undefined
  effect(pair: Pair): Effect | undefined
  /** Whether a grant of this identity names the resource. */
  isGranted(identityId: string, resource: string): boolean
  /** What anybody could be permitted by a policy, and what this identity is granted. */
  pairsOf(identity: PolicyIdentity): readonly Pair[]
  /** What an identity may do, within those above it. Everybody is judged as if active, and report-only as if enforced. */
  right(identity: PolicyIdentity, above: readonly PolicyIdentity[], pair: Pair): Right
}

interface Written {
  readonly id: string
  readonly est: PolicyEst
  readonly text: string
  /** What it refuses is only reported, but of what is privileged and of those above somebody. */
  readonly isOnTrial: boolean
  readonly isCritical: boolean
}

/** Reads each text once: of both sides of a plan most policies are the same, and the official parser reads them. */
export const readOnce = (): typeof readSource => {
  const known = new Map<string, ReturnType<typeof readSource>>()
  return (text) => {
    const est = known.get(text) ?? readSource(text)
    known.set(text, est)
    return est
  }
}

/** The rights of one side at a moment. */
export const rightsSide = (side: Side, now: Date, estOf = readOnce()): RightsSide => {
  const base = side.base()
  const { resources, texts } = base.stored
  const actions = actionEntities(resources)
  const isOnTrial = (source: SourcePolicy): boolean =>
    !isGuardrail(source) && (base.reportOnly.get(modeKey('policy', source.id)) ?? 0) > now.getTime()
  const read = (sources: readonly SourcePolicy[]): readonly Written[] =>
    sources.flatMap((source): Written[] => {
      // What is compiled was parsed already, or is held to be what parsing its text would give.
      const est = source.compiled ?? estOf(source.text)
      // A permit on trial gives nothing yet.
      const isGiving = est?.effect !== 'permit' || !isOnTrial(source)
      if (est === undefined || !isGiving) return []
      const { id, text } = source
      return [{ id, est, text, isOnTrial: isOnTrial(source), isCritical: source.isCritical === true }]
    })
  const { sources } = sourcesOf(texts)
  const written = read(sources)
  const separatingOnTrial = new Set(sources.filter(isOnTrial).map(({ id }) => separationId(id)))
  const separations = read(base.separations).map((one) => ({ ...one, isOnTrial: separatingOnTrial.has(one.id) }))
  const index = buildScopeIndex([...written, ...read(builtinPolicies), ...separations])
  const permitted = pairsOfHeads(
    written.filter(({ est }) => est.effect === 'permit').map(({ id, est }) => ({ id, est })),
    resources,
    actions,
    base.entities,
  )
  const effectOf = ({ resource, action }: Pair): Effect | undefined =>
    base.resource(resource)?.actions.find(({ name }) => name === action)?.effect
  const ofOne = (identity: PolicyIdentity, pair: Pair, isStrict: boolean): Right => {
    const known = base.entities.get(pair.resource)
    const action = actions.get(pair.action)
    if (known === undefined || action === undefined) return NO_RIGHT
    const entities = [...identityEntities(identity), known, action]
    const named = { principal: uid('Identity', identity.id), action: action.uid, resource: known.uid }
    const found = index.candidates({ ...named, context: {}, entities })
    const counted = isStrict ? found : found.filter((one) => !one.isOnTrial)
    return rightFrom(side, { identity, pair, now, found: counted, world: registerWorld(named, entities) })
  }
  return {
    resource: base.resource,
    effect: effectOf,
    isGranted: (id, resource) =>
      side
        .grants(id)
        .some((grant) => isKnown(grant) && linesOf(grant, base.bundle).some((line) => line.resource === resource)),
    pairsOf: (identity) => [...permitted, ...grantedPairs(side, identity)],
    right: (identity, above, pair) => {
      const effect = effectOf(pair)
      if (effect === undefined) return NO_RIGHT
      const own = ofOne(identity, pair, isPrivileged(effect))
      return own.level === 'none' ? own : withinAll(own, () => above.map((ancestor) => ofOne(ancestor, pair, true)))
    },
  }
}

const grantedPairs = (side: Side, identity: PolicyIdentity): readonly Pair[] =>
  side.grants(identity.id).flatMap((grant) =>
    linesOf(grant, side.base().bundle).flatMap((line) => {
      const all =
        side
          .base()
          .resource(line.resource)
          ?.actions.map(({ name }) => name) ?? []
      const names = line.actions.includes(WILDCARD) ? all : line.actions
      return names.map((action) => ({ resource: line.resource, action }))
    }),
  )

const rightFrom = (
  side: Side,
  asked: {
    readonly identity: PolicyIdentity
    readonly pair: Pair
    readonly now: Date
    readonly found: readonly Written[]
    readonly world: World
  },
): Right => {
  const { identity, pair, now, found, world } = asked
  const terms: string[] = []
  const via: string[] = []
  let level: Right['level'] = 'none'
  const give = (name: string, isAlways: boolean, on: string): void => {
    via.push(name)
    terms.push(on)
    if (isAlways) level = 'always'
    else if (level === 'none') level = 'conditional'
  }
  for (const grant of side.grants(identity.id)) {
    if (grant.expiresAt <= now || !isKnown(grant)) continue
    const lines = linesOf(grant, side.base().bundle)
    const isReached = lines.some(
      ({ resource, actions }) =>
        resource === pair.resource && (actions.includes(WILDCARD) || actions.includes(pair.action)),
    )
    const conditions = Object.values(grant.conditions).filter((value) => value !== undefined)
    if (isReached) give(grant.id, conditions.length === 0, JSON.stringify([grant.name, grant.conditions]))
  }
  // What a grant to read what is sensitive forbids holds unless an exception lifts it.
  const separating = separatingGrants(side, { identity, pair, now })
  let isLimited = separating.length > 0
  terms.push(...separating.map(({ id }) => `${id}/${SEPARATION}`))
  for (const one of found) {
    const { id, est, text } = one
    const possibility = possibilityOf(est.conditions, world)
    if (est.effect === 'permit') {
      if (possibility !== 'never') give(id, possibility === 'always', text)
    } else if (possibility === 'always') return NO_RIGHT
    else if (possibility === 'sometimes' || mayFail(one, world)) {
      isLimited = true
      terms.push(text)
    }
  }
  if (level === 'none') return NO_RIGHT
  return { level: isLimited ? 'conditional' : level, via, terms: JSON.stringify(terms.sort()) }
}

const separatingGrants = (
  side: Side,
  asked: { readonly identity: PolicyIdentity; readonly pair: Pair; readonly now: Date },
): readonly Grant[] => {
  const { identity, pair, now } = asked
  const base = side.base()
  const on = base.resource(pair.resource)
  const effect = on?.actions.find(({ name }) => name === pair.action)?.effect
  if (!isOutside(identity.boundary) || on === undefined || effect === 'read' || !OPEN.includes(on.sensitivity))
    return []
  return side.grants(identity.id).filter((grant) => grant.expiresAt > now && readsSensitive(grant, base))
}

// A critical forbid that fails refuses: that it never holds is not enough, one of its conditions has to be false.
const mayFail = ({ est, isCritical }: Written, world: World): boolean =>
  isCritical &&
  !est.conditions.some(
    ({ kind, body }) => possibilityOf([{ kind: kind === 'when' ? 'unless' : 'when', body }], world) === 'always',
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
