import type { AnyDb } from '../../kit/database.ts'
import { ISOLATION, isolationSubject } from '../domain/isolation.ts'
import type { Effect, Resource } from '../domain/resource.ts'
import { isPrivileged } from '../domain/resource.ts'
import type { PolicyIdentity, PolicyPorts } from '../room.ts'
import type { PlanWork } from './plan-work.ts'
import { createLines, type PlannedLine } from './planned-line.ts'
import { actionEntities } from './register-world.ts'
import { NO_RIGHT, type Right } from './right.ts'
import { type Pair, pairsOfHeads, type RightsSide, readOnce, rightsSide } from './rights-side.ts'

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
 * and everything of those who change themselves, whose grants do, or above whom somebody does. Judged by the policies,
 * those of the server included, never by their text.
 */
export const compareRights = async (
  ports: PolicyPorts,
  db: AnyDb,
  work: PlanWork,
  now: Date,
  told: (change: RightChange) => void,
): Promise<number> => {
  const { plan } = work
  const compare = rightsComparer(ports, db, work, now, told)
  const after = new Map(plan.delta.identities.map((identity) => [identity.id, identity]))
  const gone = new Set(plan.delta.gone.identities)
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
  const created = [...after.values()].filter(({ id }) => !seen.has(id))
  for (const identity of created) await compare(undefined, identity)
  return seen.size + created.length
}

/** Compares what one identity may do, as it is and as it would be. */
export const rightsComparer = (
  ports: PolicyPorts,
  db: AnyDb,
  work: PlanWork,
  now: Date,
  told: (change: RightChange) => void,
): ((before: PolicyIdentity | undefined, then: PolicyIdentity | undefined) => Promise<void>) => {
  const { plan, sides, changed } = work
  const estOf = readOnce()
  const [live, planned] = [rightsSide(sides.live, now, estOf), rightsSide(sides.planned, now, estOf)]
  const touched = touchedPairs(work)
  const others = new Set([...plan.delta.identities.map(({ id }) => id), ...plan.delta.gone.identities])
  const lineOf = createLines(ports, db, plan)
  return async (before, then) => {
    const line = await lineOf(before, then)
    const someone = then ?? before
    if (someone === undefined) return
    const isWhole = [someone.id, ...line.ids].some((id) => others.has(id) || changed.identities.has(id))
    const pairs =
      isWhole || before === undefined || then === undefined
        ? [...touched, ...allPairs(live, before), ...allPairs(planned, then)]
        : touched
    for (const pair of unique(pairs)) {
      const change = await changeOf(ports, db, { live, planned, before, then, line, pair, now })
      if (change !== undefined) told(change)
    }
  }
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
  readonly line: PlannedLine
  readonly pair: Pair
  readonly now: Date
}

const changeOf = async (ports: PolicyPorts, db: AnyDb, asked: Asked): Promise<RightChange | undefined> => {
  const { live, planned, before, then, line, pair, now } = asked
  const rightOf = (side: RightsSide, one: PolicyIdentity | undefined, above: PlannedLine['after']): Right =>
    one === undefined || above === undefined ? NO_RIGHT : side.right(one, above, pair)
  const [was, is] = [rightOf(live, before, line.before), rightOf(planned, then, line.after)]
  const [apart, apartThen] = [apartOf(live, before, line.before, pair), apartOf(planned, then, line.after, pair)]
  if (isSame(was, is) && standing(live, apart, pair) === standing(planned, apartThen, pair)) return undefined
  // INVARIANT: without a grant that names the resource and a live exception environments never meet, whatever policies say.
  const lifted = async (side: RightsSide, right: Right, those: readonly string[]): Promise<Right> => {
    if (right.level === 'none') return right
    for (const id of those) {
      if (!side.isGranted(id, pair.resource)) return NO_RIGHT
      const subject = isolationSubject(id, pair.resource)
      if ((await ports.exceptions.find(db, ISOLATION, subject, now)) === undefined) return NO_RIGHT
    }
    return right
  }
  const [real, next] = [await lifted(live, was, apart), await lifted(planned, is, apartThen)]
  const identity = then ?? before
  const resource = planned.resource(pair.resource) ?? live.resource(pair.resource)
  if (identity === undefined || resource === undefined || isSame(real, next)) return undefined
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

const isSame = (one: Right, other: Right): boolean => one.level === other.level && one.terms === other.terms

const standing = (side: RightsSide, those: readonly string[], { resource }: Pair): string =>
  those.map((id) => `${id} ${side.isGranted(id, resource)}`).join()

// Whoever of a line is of another environment than the resource.
const apartOf = (
  side: RightsSide,
  identity: PolicyIdentity | undefined,
  above: readonly PolicyIdentity[] | undefined,
  { resource }: Pair,
): readonly string[] => {
  if (identity === undefined) return []
  const environment = side.resource(resource)?.environment
  return [identity, ...(above ?? [])].flatMap((one) => (one.environment === environment ? [] : [one.id]))
}
