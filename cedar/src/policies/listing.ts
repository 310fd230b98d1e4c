import type { Run } from '../expression/compiled.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import type { Wanted } from './head.ts'
import { ANYTHING, type Names, UNNAMED } from './names.ts'

/**
 * Policies in the order in which they are looked at: their heads as numbers, one after the other, and beside each head what
 * a decision needs of its policy. It only grows, so what was listed stays where it is.
 */
export interface Listing<Note> {
  /** How many places there are. */
  size(): number
  /** Lists policies, one after the other. */
  add(policies: readonly CompiledPolicy<Note>[]): Range
  /**
   * Finds those whose head matches. `resource` and `action` are the numbers that the range was found under, or UNNAMED: of
   * a policy about several actions, which is in several ranges, one is taken.
   */
  search(from: number, to: number, at: Standings, resource: number, action: number, found: Found): void
  /** Those of a range. */
  policies(range: Range): readonly CompiledPolicy<Note>[]
  /** Of what was found: the policy, its id, and its condition, which is to be asked where there is one. */
  policy(found: number): CompiledPolicy<Note> | undefined
  id(found: number): string
  holds(found: number): Run
}

/** Some policies that are listed one after the other. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** The three entities as heads see them, in the numbers of what they name. */
export interface Standings {
  /** Whether it was found under the principal itself, not under something that the principal is, or is below. */
  isPrincipal: boolean
  principalType: number
  resource: number
  resourceType: number
  resourceAbove: readonly number[]
  action: number
  actionType: number
  actionAbove: readonly number[]
}

/** What was found; to be read before the next search, which puts its own there. */
export interface Found {
  places: Int32Array
  count: number
}

/** Of what is found, beside the place where it is listed. */
export const IS_PERMIT = 1
export const IS_CONDITIONED = 2
const FLAG_BITS = 2

/** A listing without policies. */
export const emptyListing = <Note>(names: Names): Listing<Note> => {
  let heads = new Int32Array(64 * WIDTH)
  let size = 0
  const ids: string[] = []
  const conditions: Run[] = []
  const policies: CompiledPolicy<Note>[] = []
  const severals: (readonly number[])[] = []
  const severalByText = new Map<string, number>()

  const severalOf = (numbers: readonly number[]): number => {
    const text = numbers.join()
    const known = severalByText.get(text) ?? severals.push(numbers) - 1
    severalByText.set(text, known)
    return SEVERAL - known
  }
  const addOne = (policy: CompiledPolicy<Note>): void => {
    const { principal, resource, action } = policy.head
    if ((size + 1) * WIDTH > heads.length) {
      const larger = new Int32Array(heads.length * 2)
      larger.set(heads)
      heads = larger
    }
    const actions = entitiesOf(action, names)
    const flags = (policy.isPermit ? IS_PERMIT : 0) | (policy.holds === undefined ? 0 : IS_CONDITIONED)
    heads.set(
      [
        typeOf(principal, names) * 2 + (principal.equal === undefined ? 0 : 1),
        entityOf(resource, names),
        typeOf(resource, names),
        actions === undefined || actions.length === 1 ? entityOf(action, names) : severalOf(actions),
        typeOf(action, names),
        flags,
      ],
      size * WIDTH,
    )
    ids.push(policy.id)
    conditions.push(policy.holds ?? ALWAYS)
    policies.push(policy)
    size++
  }

  const isHeadMet = (place: number, at: Standings, resource: number, action: number): boolean => {
    const principal = heads[place] ?? 0
    if (principal !== 0 && !isPrincipalMet(principal, at)) return false
    const wanted = heads[place + 1] ?? 0
    if (wanted !== ANYTHING && wanted !== resource && !isMet(wanted, at.resource, at.resourceAbove)) return false
    const type = heads[place + 2] ?? 0
    return (type === ANYTHING || type === at.resourceType) && isActionMet(place, at, action)
  }
  const isActionMet = (place: number, at: Standings, listed: number): boolean => {
    const wanted = heads[place + 3] ?? 0
    if (wanted <= SEVERAL) {
      if (!isFirst(severals[SEVERAL - wanted] ?? NOTHING, listed, at)) return false
    } else if (wanted !== ANYTHING && !isMet(wanted, at.action, at.actionAbove)) return false
    const type = heads[place + 4] ?? 0
    return type === ANYTHING || type === at.actionType
  }

  return {
    size: () => size,
    add(listed) {
      const from = size
      for (const policy of listed) addOne(policy)
      return { from, to: size }
    },
    search(from, to, at, resource, action, found) {
      for (let one = from; one < to; one++)
        if (isHeadMet(one * WIDTH, at, resource, action))
          put(found, (one << FLAG_BITS) | (heads[one * WIDTH + FLAGS] ?? 0))
    },
    policies: ({ from, to }) => policies.slice(from, to),
    policy: (found) => policies[found >> FLAG_BITS],
    id: (found) => ids[found >> FLAG_BITS] ?? '',
    holds: (found) => conditions[found >> FLAG_BITS] ?? ALWAYS,
  }
}

const WIDTH = 6
const FLAGS = 5

const put = (found: Found, one: number): void => {
  if (found.count === found.places.length) {
    const larger = new Int32Array(found.count * 2)
    larger.set(found.places)
    found.places = larger
  }
  found.places[found.count++] = one
}
// Below all numbers of names, and their negatives.
const SEVERAL = -(2 ** 30)
const NOTHING: readonly number[] = []
const ALWAYS: Run = () => true

/**
 * The numbers that a policy is listed under for what it asks of its resource or action.
 *
 * INVARIANT: what is met by an entity is listed under its number, its type's, that of something above it, or `ANYTHING`.
 */
export const listedUnder = (want: Wanted, names: Names): readonly number[] =>
  want.equal === undefined
    ? (entitiesOf(want, names) ?? [typeOf(want, names)])
    : [names.addEntity(want.equal.type, want.equal.id)]

// The type that is asked for, doubled; odd if it must be the one that this was found under.
const isPrincipalMet = (asked: number, { isPrincipal, principalType }: Standings): boolean =>
  (isPrincipal || (asked & 1) === 0) && (asked >> 1 === ANYTHING || asked >> 1 === principalType)

// A negative number asks for the entity itself, a positive one for it or what is below it.
const isMet = (wanted: number, self: number, above: readonly number[]): boolean => {
  if (wanted < 0) return wanted === -self
  if (wanted === self) return true
  for (let at = 0; at < above.length; at++) if (above[at] === wanted) return true
  return false
}

const isFirst = (several: readonly number[], listed: number, { action, actionAbove }: Standings): boolean => {
  for (const one of several) if (isMet(one, action, actionAbove)) return listed === UNNAMED || listed === one
  return false
}

const typeOf = ({ type }: Wanted, names: Names): number => (type === undefined ? ANYTHING : names.addType(type))

const entityOf = ({ equal, anyOf }: Wanted, names: Names): number => {
  if (equal !== undefined) return -names.addEntity(equal.type, equal.id)
  const first = anyOf?.[0]
  return first === undefined ? ANYTHING : names.addEntity(first.type, first.id)
}

const entitiesOf = ({ anyOf }: Wanted, names: Names): readonly number[] | undefined =>
  anyOf && [...new Set(anyOf.map(({ type, id }) => names.addEntity(type, id)))]
