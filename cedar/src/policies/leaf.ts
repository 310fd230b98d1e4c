import type { Head, Wanted } from './head.ts'
import { ANYTHING, type Names, UNNAMED } from './names.ts'

/**
 * The first of a few policies, and with it the others: what is compared of a head lies in one object, in numbers, and of a
 * policy whose head does not match nothing is looked at.
 */
export interface Leaf<Policy> {
  /** The type of principal that is asked for, doubled; odd if it must be the one that this was found under. */
  readonly principal: number
  /** A negative number asks for the entity itself, a positive one for it or what is below it. */
  readonly resource: number
  readonly resourceType: number
  readonly action: number
  readonly actionType: number
  readonly policy: Policy
  readonly next: Leaf<Policy> | undefined
  readonly several: readonly number[] | undefined
}

/** An entity of a request as heads see it, in the numbers of what they name. */
export interface Standing {
  readonly self: number
  readonly type: number
  /** Its ancestors as far as any head names them. */
  readonly above: readonly number[]
}

/** The three entities as a leaf sees them, which was found under something that the principal is, or is below. */
export interface Standings {
  /** Whether it was found under the principal itself. */
  isPrincipal: boolean
  readonly principalType: number
  readonly resource: Standing
  readonly action: Standing
}

/** Puts policies into a leaf. */
export const leafOf = <Policy extends { readonly head: Head }>(
  policies: readonly Policy[],
  names: Names,
): Leaf<Policy> | undefined =>
  policies.reduceRight<Leaf<Policy> | undefined>((next, policy) => {
    const { principal, resource, action } = policy.head
    const actions = entitiesOf(action, names)
    const isOne = actions === undefined || actions.length === 1
    return {
      principal: typeOf(principal, names) * 2 + (principal.equal === undefined ? 0 : 1),
      resource: entityOf(resource, names),
      resourceType: typeOf(resource, names),
      action: isOne ? entityOf(action, names) : SEVERAL,
      actionType: typeOf(action, names),
      policy,
      next,
      several: isOne ? undefined : actions,
    }
  }, undefined)

/**
 * The numbers that a policy is listed under for what it asks of its resource or action.
 *
 * INVARIANT: what is met by an entity is listed under its number, its type's, that of something above it, or `ANYTHING`.
 */
export const listedUnder = (want: Wanted, names: Names): readonly number[] =>
  want.equal === undefined
    ? (entitiesOf(want, names) ?? [typeOf(want, names)])
    : [names.addEntity(want.equal.type, want.equal.id)]

/**
 * Finds those whose head matches. `listed` is the number of the action that the leaf was found under, or UNNAMED where it
 * is the only one: a policy about several actions is in several leaves, and is taken from one.
 */
export const searchLeaf = <Policy>(
  leaf: Leaf<Policy> | undefined,
  listed: number,
  at: Standings,
  found: Policy[],
): void => {
  const { isPrincipal, principalType, resource, action } = at
  for (let one = leaf; one !== undefined; one = one.next) {
    if (one.principal !== 0 && !isPrincipalMet(one.principal, isPrincipal, principalType)) continue
    if (!isMet(one.resource, one.resourceType, resource)) continue
    const isFound =
      one.action === SEVERAL
        ? isFirst(one.several ?? NOTHING, listed, action)
        : isMet(one.action, one.actionType, action)
    if (isFound) found.push(one.policy)
  }
}

// Not the negative of a number that is given.
const SEVERAL = -(2 ** 30)
const NOTHING: readonly number[] = []

const isPrincipalMet = (asked: number, isSelf: boolean, type: number): boolean =>
  (isSelf || (asked & 1) === 0) && (asked >> 1 === ANYTHING || asked >> 1 === type)

const isMet = (entity: number, type: number, at: Standing): boolean =>
  (type === ANYTHING || type === at.type) &&
  (entity === ANYTHING ||
    entity === at.self ||
    entity === -at.self ||
    (entity > 0 && at.above.length > 0 && at.above.includes(entity)))

const isFirst = (several: readonly number[], listed: number, at: Standing): boolean => {
  for (const one of several) if (one === at.self || at.above.includes(one)) return listed === UNNAMED || listed === one
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
