import { type EntityUid, uidText } from '../entity-uid.ts'
import type { EstExpression, PolicyEst } from '../policy-est.ts'
import { isConsistent } from './consistent.ts'
import type { ReadGround } from './ground.ts'
import { type Conjunction, literalUid, textOf, waysOf, wholeOf } from './literal.ts'

/** A policy as lints look at it: parsed, with where it stands. */
export interface LintedPolicy {
  readonly id: string
  readonly est: PolicyEst
  /** The file and the line where it stands. */
  readonly place: string | null
  /** It is in force beside those that are looked at: they are compared with it, and nothing is said of it. */
  readonly isElsewhere?: boolean
}

/** A policy with the ways in which it can match, worked out once. */
export interface ReadPolicy extends LintedPolicy {
  /** None where it can match nothing; undefined where they are too many to look at. */
  readonly ways: readonly Conjunction[] | undefined
  /** The ways in which it does not match; undefined where that cannot be told. */
  readonly otherWays: readonly Conjunction[] | undefined
  /** The whole of it as text. */
  readonly text: string
  /** The known actions that it may match. */
  readonly actions: ReadonlySet<string>
  /** The principal and the resource that its head names, as text. */
  readonly named: readonly string[]
  /** Every entity that stands anywhere in it, as text. */
  readonly mentioned: ReadonlySet<string>
}

/** Works out in which ways a policy can match. */
export const readForLint = (policy: LintedPolicy, ground: ReadGround): ReadPolicy => {
  const whole = wholeOf(policy.est)
  const { principal, resource } = policy.est
  return {
    ...policy,
    ways: waysOf(whole, true)?.filter((way) => isConsistent(way, ground)),
    otherWays: mayOverflow(whole) ? undefined : waysOf(whole, false),
    text: textOf(whole),
    mentioned: new Set(entitiesIn(whole)),
    actions: new Set(ground.names.flatMap(({ key, uid }) => (mayBe(policy.est.action, uid, ground) ? [key] : []))),
    named: [principal, resource].flatMap((head) => ('entity' in head ? [textOf(literalUid(head.entity))] : [])),
  }
}

const mayBe = (head: PolicyEst['action'], uid: EntityUid, ground: ReadGround): boolean => {
  if (head.op === 'All') return true
  const wanted = 'entities' in head ? head.entities : 'entity' in head ? [head.entity] : []
  const keys = wanted.map((one) => uidText('__entity' in one ? one.__entity : one))
  const own = uidText(uid)
  return keys.some((key) => key === own || (head.op === 'in' && ground.groupsOf.get(own)?.has(key) === true))
}

/**
 * Whether one matches whatever the other matches. It says so only where it is sure.
 * INVARIANT: what is compared passed the type check, so that nothing but arithmetic can fail.
 */
export const covers = (wide: ReadPolicy, narrow: ReadPolicy, ground: ReadGround): boolean => {
  const { otherWays } = wide
  const ways = narrow.ways
  if (ways === undefined || ways.length === 0) return false
  if (wide.text === narrow.text) return true
  if (otherWays === undefined || !mayCover(wide, narrow)) return false
  if (ground.pairs.left-- <= 0) return false
  return ways.every((way) => otherWays.every((other) => !isConsistent([...way, ...other], ground)))
}

const entitiesIn = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return []
  if ('Value' in value) return [textOf(value)]
  return Object.values(value).flatMap(entitiesIn)
}

// Most pairs are told apart by their heads. What a head names is asked for by another policy only if that names it, too.
const mayCover = (wide: ReadPolicy, narrow: ReadPolicy): boolean =>
  wide.named.every((uid) => narrow.mentioned.has(uid)) &&
  (wide.est.action.op === 'All' || narrow.est.action.op === 'All' || meets(narrow.actions, wide.actions))

const meets = (some: ReadonlySet<string>, others: ReadonlySet<string>): boolean => {
  for (const one of some) if (others.has(one)) return true
  return false
}

const ARITHMETIC = ['+', '-', '*', 'neg', 'offset', 'durationSince', 'Slot']

const mayOverflow = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(mayOverflow)
  const fields: EstExpression = { ...value }
  return Object.entries(fields).some(
    ([name, part]) => ARITHMETIC.includes(name) || (name !== 'Value' && mayOverflow(part)),
  )
}
