import type { AnyDb } from '../../kit/database.ts'
import { ISOLATION, isolationSubject } from '../domain/isolation.ts'
import type { Effect, Resource } from '../domain/resource.ts'
import { isPrivileged } from '../domain/resource.ts'
import type { PolicyIdentity, PolicyPorts } from '../room.ts'
import type { PlanWork } from './plan-work.ts'
import { actionEntities } from './register-world.ts'
import { type Pair, pairsOfHeads, type Right, type RightsSide, rightsSide } from './rights-side.ts'

/** What one identity gains, loses, or has on other terms. */
export interface RightChange {
  readonly how: 'gains' | 'loses' | 'on-other-terms'
  readonly identity: PolicyIdentity
  readonly resource: Resource
  readonly action: string
  readonly effect: Effect | undefined
  readonly before: Right
  readonly after: Right
  readonly isPrivileged: boolean
  readonly isCrossEnvironment: boolean
}

const PAGE = 500

/**
 * Who gains and who loses what, over the whole register: every identity at every action that a changed policy speaks of,
 * and everything of those who change themselves or whose grants do. Judged by the policies, never by their text.
 */
export const compareRights = async (
  ports: PolicyPorts,
  db: AnyDb,
  work: PlanWork,
  now: Date,
  told: (change: RightChange) => void,
): Promise<number> => {
  const { plan, sides, changed } = work
  const [live, planned] = [rightsSide(sides.live), rightsSide(sides.planned)]
  const touched = touchedPairs(work)
  const after = new Map(plan.delta.identities.map((identity) => [identity.id, identity]))
  const gone = new Set(plan.delta.gone.identities)
  let identities = 0
  const compare = async (before: PolicyIdentity | undefined, then: PolicyIdentity | undefined): Promise<void> => {
    identities++
    const someone = then ?? before
    if (someone === undefined) return
    const isOther = before === undefined || then === undefined || after.has(someone.id)
    const isWhole = isOther || changed.identities.has(someone.id)
    const pairs = isWhole ? [...touched, ...allPairs(live, before), ...allPairs(planned, then)] : touched
    for (const pair of unique(pairs)) {
      const change = await changeOf(ports, db, { live, planned, before, then, pair, now })
      if (change !== undefined) told(change)
    }
  }
  const seen = new Set<string>()
  for (let last = ''; ; ) {
    const page = await ports.identities.list(db, last, PAGE)
    for (const identity of page) {
      seen.add(identity.id)
      await compare(identity, gone.has(identity.id) ? undefined : (after.get(identity.id) ?? identity))
    }
    last = page.at(-1)?.id ?? ''
    if (page.length < PAGE) break
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  for (const identity of after.values()) if (!seen.has(identity.id)) await compare(undefined, identity)
  return identities
}

const allPairs = (side: RightsSide, identity: PolicyIdentity | undefined): readonly Pair[] =>
  identity === undefined ? [] : side.pairsOf(identity)

// What changes of a resource, and the actions that the heads of changed policies speak of, on either side.
const touchedPairs = ({ plan, sides, changed }: PlanWork): readonly Pair[] => {
  const ids = new Set([...plan.delta.resources.map(({ id }) => id), ...plan.delta.gone.resources])
  return (['live', 'planned'] as const).flatMap((name) => {
    const base = sides[name].base()
    const { resources } = base.stored
    const heads = changed.texts.filter(({ side }) => side === name)
    const whole = resources
      .filter(({ id }) => ids.has(id))
      .flatMap(({ id, actions }) => actions.map((action) => ({ resource: id, action: action.name })))
    return [...whole, ...pairsOfHeads(heads, resources, actionEntities(resources), base.entities)]
  })
}

const unique = (pairs: readonly Pair[]): Iterable<Pair> =>
  new Map(pairs.map((pair) => [`${pair.resource} ${pair.action}`, pair])).values()

interface Asked {
  readonly live: RightsSide
  readonly planned: RightsSide
  readonly before: PolicyIdentity | undefined
  readonly then: PolicyIdentity | undefined
  readonly pair: Pair
  readonly now: Date
}

const changeOf = async (ports: PolicyPorts, db: AnyDb, asked: Asked): Promise<RightChange | undefined> => {
  const { live, planned, before, then, pair, now } = asked
  const [was, is] = [
    before === undefined ? NONE : live.right(before, pair, now),
    then === undefined ? NONE : planned.right(then, pair, now),
  ]
  if (was.level === is.level && was.terms === is.terms) return undefined
  const lifted = async (side: RightsSide, identity: PolicyIdentity | undefined, right: Right): Promise<Right> => {
    const resource = side.resource(pair.resource)
    if (identity === undefined || resource === undefined || right.level === 'none') return NONE
    if (identity.environment === resource.environment) return right
    const subject = isolationSubject(identity.id, resource.id)
    // INVARIANT: without a live exception environments never meet, whatever policies say.
    return (await ports.exceptions.find(db, ISOLATION, subject, now)) === undefined ? NONE : right
  }
  const [real, next] = [await lifted(live, before, was), await lifted(planned, then, is)]
  const identity = then ?? before
  const resource = planned.resource(pair.resource) ?? live.resource(pair.resource)
  if (identity === undefined || resource === undefined) return undefined
  if (real.level === next.level && real.terms === next.terms) return undefined
  const how = real.level === 'none' ? 'gains' : next.level === 'none' ? 'loses' : 'on-other-terms'
  const effect = planned.effect(pair) ?? live.effect(pair)
  return {
    how,
    identity,
    resource,
    action: pair.action,
    effect,
    before: real,
    after: next,
    isPrivileged: effect !== undefined && isPrivileged(effect),
    isCrossEnvironment: identity.environment !== resource.environment,
  }
}

const NONE: Right = { level: 'none', via: [], terms: '' }
