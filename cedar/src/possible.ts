import { type EntityUid, uidText } from './entity-uid.ts'
import type { EstClause, EstExpression } from './policy-est.ts'
import type { CedarValue, Entity } from './request.ts'
import { likePattern, type PatternPart } from './values/like-pattern.ts'

/** What is known of a request; what is left out is not known, which is not the same as not being there. */
export interface World {
  readonly principal?: EntityUid
  readonly action?: EntityUid
  readonly resource?: EntityUid
  /** The entity with its attributes and tags, where they are known. */
  entity(uid: EntityUid): Entity | undefined
  /** Whether one is the other or in it; undefined where that is not known. */
  isIn(uid: EntityUid, ancestor: EntityUid): boolean | undefined
}

/** Whether conditions hold for every request that the world leaves open, for none, or for some. */
export type Possibility = 'always' | 'never' | 'sometimes'

/**
 * Judges a policy's conditions on what is known alone; the context never is.
 * INVARIANT: `always` and `never` are promises: no context gives another answer. Where it cannot tell, it says `sometimes`.
 */
export const possibilityOf = (conditions: readonly EstClause[], world: World): Possibility => {
  let all: Possibility = 'always'
  for (const { kind, body } of conditions) {
    const one = holds(body, kind === 'when', world)
    if (one === 'never') return 'never'
    if (one === 'sometimes') all = 'sometimes'
  }
  return all
}

/** Not known. */
const OPEN = Symbol('open')
/** An error whatever the rest is: the policy is skipped. */
const FAILED = Symbol('failed')
type Known = CedarValue | typeof OPEN | typeof FAILED

// Whether an expression comes out as `wanted`. A conjunction is looked into from both sides: one part that is never
// true is enough, also where the other is not known and might even fail.
const holds = (expression: EstExpression, wanted: boolean, world: World): Possibility => {
  const negated = argOf(expression['!'])
  if (negated !== undefined) return holds(negated, !wanted, world)
  const both = sidesOf(expression[wanted ? '&&' : '||'])
  if (both !== undefined) {
    const [left, right] = [holds(both.left, wanted, world), holds(both.right, wanted, world)]
    if (left === 'never' || right === 'never') return 'never'
    return left === 'always' && right === 'always' ? 'always' : 'sometimes'
  }
  const either = sidesOf(expression[wanted ? '||' : '&&'])
  if (either !== undefined) return eitherHolds(either, wanted, world)
  const value = known(expression, world)
  if (value === OPEN) return 'sometimes'
  return value === wanted ? 'always' : 'never'
}

const eitherHolds = (either: Sides, wanted: boolean, world: World): Possibility => {
  const left = holds(either.left, wanted, world)
  if (left === 'always') return 'always'
  const right = holds(either.right, wanted, world)
  if (left === 'never' && right === 'never') return 'never'
  return isSettled(either.left, world) ? right : 'sometimes'
}

// A left side that is known lets the right one decide; one that is not may fail or end the matter by itself.
const isSettled = (expression: EstExpression, world: World): boolean => typeof known(expression, world) === 'boolean'

const known = (expression: EstExpression, world: World): Known => {
  const [operator = '', operand] = Object.entries(expression)[0] ?? []
  const read = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined
  return read === undefined ? OPEN : read(operand, world)
}

type Reader = (operand: unknown, world: World) => Known

const OPERATORS: Readonly<Record<string, Reader>> = {
  Value: (operand) => (isValue(operand) ? operand : OPEN),
  Var: (operand, world) => {
    const uid = operand === 'principal' ? world.principal : operand === 'action' ? world.action : world.resource
    return operand === 'context' || uid === undefined ? OPEN : { __entity: uid }
  },
  '!': (operand, world) => {
    const value = argValue(operand, world)
    return typeof value === 'symbol' ? value : typeof value === 'boolean' ? !value : FAILED
  },
  '&&': (operand, world) => shortCircuit(operand, world, false),
  '||': (operand, world) => shortCircuit(operand, world, true),
  '==': (operand, world) => both(operand, world, (left, right) => keyOf(left) === keyOf(right)),
  '!=': (operand, world) => both(operand, world, (left, right) => keyOf(left) !== keyOf(right)),
  '<': (operand, world) => compared(operand, world, (left, right) => left < right),
  '<=': (operand, world) => compared(operand, world, (left, right) => left <= right),
  '>': (operand, world) => compared(operand, world, (left, right) => left > right),
  '>=': (operand, world) => compared(operand, world, (left, right) => left >= right),
  '.': (operand, world) => attribute(operand, world),
  has: (operand, world) => hasAttribute(operand, world),
  hasTag: (operand, world) => tag(operand, world, (tags, name) => Object.hasOwn(tags, name)),
  getTag: (operand, world) => tag(operand, world, (tags, name) => tags[name] ?? FAILED),
  in: (operand, world) => isIn(operand, world),
  is: (operand, world) => isOfType(operand, world),
  like: (operand, world) => isLike(operand, world),
  contains: (operand, world) =>
    both(operand, world, (set, one) => onSets(set, [one], (keys, [key]) => keys.has(keyOf(key ?? '')))),
  containsAll: (operand, world) =>
    both(operand, world, (set, others) => onSets(set, others, (keys, all) => all.every((one) => keys.has(keyOf(one))))),
  containsAny: (operand, world) =>
    both(operand, world, (set, others) => onSets(set, others, (keys, all) => all.some((one) => keys.has(keyOf(one))))),
  isEmpty: (operand, world) => {
    const value = argValue(operand, world)
    return typeof value === 'symbol' ? value : Array.isArray(value) ? value.length === 0 : FAILED
  },
  Set: (operand, world) => {
    const values = Array.isArray(operand) ? operand.map((one) => known(one, world)) : [OPEN]
    return values.includes(FAILED) ? FAILED : values.every((one) => typeof one !== 'symbol') ? values : OPEN
  },
  'if-then-else': (operand, world) => {
    const parts = recordOf(operand)
    const test = known(expressionOf(parts.if), world)
    if (typeof test === 'symbol') return test
    return typeof test === 'boolean' ? known(expressionOf(test ? parts.then : parts.else), world) : FAILED
  },
}

const shortCircuit = (operand: unknown, world: World, ending: boolean): Known => {
  const sides = sidesOf(operand)
  if (sides === undefined) return OPEN
  const left = known(sides.left, world)
  if (left === ending || typeof left === 'symbol') return left
  if (typeof left !== 'boolean') return FAILED
  const right = known(sides.right, world)
  return typeof right === 'symbol' || typeof right === 'boolean' ? right : FAILED
}

const both = (operand: unknown, world: World, join: (left: CedarValue, right: CedarValue) => Known): Known => {
  const sides = sidesOf(operand)
  if (sides === undefined) return OPEN
  const [left, right] = [known(sides.left, world), known(sides.right, world)]
  if (left === FAILED || right === FAILED) return FAILED
  if (typeof left === 'symbol' || typeof right === 'symbol') return OPEN
  // An extension value is known by the call that makes it, and two calls may make the same.
  if (hasCall(left) || hasCall(right)) return OPEN
  return join(left, right)
}

const compared = (operand: unknown, world: World, test: (left: number, right: number) => boolean): Known =>
  both(operand, world, (left, right) =>
    typeof left === 'number' && typeof right === 'number' ? test(left, right) : FAILED,
  )

const attribute = (operand: unknown, world: World): Known => {
  const { left, attr } = recordOf(operand)
  const of = known(expressionOf(left), world)
  const fields = fieldsOf(of, world)
  if (fields === undefined || typeof attr !== 'string') return of === FAILED ? FAILED : OPEN
  return Object.hasOwn(fields, attr) ? (fields[attr] ?? FAILED) : FAILED
}

const hasAttribute = (operand: unknown, world: World): Known => {
  const { left, attr } = recordOf(operand)
  let of: Known = known(expressionOf(left), world)
  for (const name of Array.isArray(attr) ? attr : [attr]) {
    const fields = fieldsOf(of, world)
    if (fields === undefined) return of === FAILED ? FAILED : OPEN
    if (!Object.hasOwn(fields, String(name))) return false
    of = fields[String(name)] ?? FAILED
  }
  return true
}

const tag = (
  operand: unknown,
  world: World,
  read: (tags: Readonly<Record<string, CedarValue>>, name: string) => Known,
): Known =>
  both(operand, world, (left, name) => {
    const uid = uidOf(left)
    const entity = uid && world.entity(uid)
    if (uid === undefined || typeof name !== 'string') return FAILED
    return entity === undefined ? OPEN : read(entity.tags ?? {}, name)
  })

const isIn = (operand: unknown, world: World): Known =>
  both(operand, world, (left, right) => {
    const uid = uidOf(left)
    const groups = (Array.isArray(right) ? right : [right]).map(uidOf)
    if (uid === undefined || groups.includes(undefined)) return FAILED
    const answers = groups.map((group) => group && world.isIn(uid, group))
    return answers.includes(true) ? true : answers.includes(undefined) ? OPEN : false
  })

const isOfType = (operand: unknown, world: World): Known => {
  const { left, entity_type: type, in: group } = recordOf(operand)
  const value = known(expressionOf(left), world)
  if (typeof value === 'symbol') return value
  const uid = uidOf(value)
  if (uid === undefined) return FAILED
  if (uid.type !== type) return false
  return group === undefined ? true : isIn({ left, right: group }, world)
}

const isLike = (operand: unknown, world: World): Known => {
  const { left, pattern } = recordOf(operand)
  const value = known(expressionOf(left), world)
  if (typeof value === 'symbol') return value
  if (typeof value !== 'string' || !Array.isArray(pattern)) return FAILED
  const parts = pattern.map(
    (part): PatternPart => (part === 'Wildcard' ? part : { Literal: String(recordOf(part).Literal) }),
  )
  return likePattern(parts)(value)
}

const onSets = (
  set: CedarValue,
  others: CedarValue,
  test: (keys: ReadonlySet<string>, others: readonly CedarValue[]) => boolean,
): Known => (Array.isArray(set) && Array.isArray(others) ? test(new Set(set.map(keyOf)), others) : FAILED)

const fieldsOf = (value: Known, world: World): Readonly<Record<string, CedarValue>> | undefined => {
  if (typeof value === 'symbol') return undefined
  const uid = uidOf(value)
  if (uid !== undefined) return world.entity(uid)?.attrs
  return typeof value === 'object' && !Array.isArray(value) && !hasCall(value) ? recordOfValues(value) : undefined
}

const recordOfValues = (value: object): Readonly<Record<string, CedarValue>> =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => isValue(field)))

const uidOf = (value: CedarValue): EntityUid | undefined =>
  typeof value === 'object' && '__entity' in value ? uidFrom(value.__entity) : undefined

const uidFrom = (value: unknown): EntityUid | undefined => {
  const { type, id } = recordOf(value)
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : undefined
}

const hasCall = (value: CedarValue): boolean =>
  typeof value === 'object' &&
  ('__extn' in value ||
    (uidOf(value) === undefined && Object.values(value).some((part) => isValue(part) && hasCall(part))))

/** Equal for equal values: sets have no order and hold each value once. */
const keyOf = (value: CedarValue): string => {
  const uid = uidOf(value)
  if (uid !== undefined) return `@${uidText(uid)}`
  if (Array.isArray(value)) return `[${[...new Set(value.map(keyOf))].sort().join(',')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(recordOfValues(value)).map(([name, field]) => `${JSON.stringify(name)}:${keyOf(field)}`)
  return `{${fields.sort().join(',')}}`
}

const isValue = (value: unknown): value is CedarValue =>
  typeof value === 'string' ||
  typeof value === 'number' ||
  typeof value === 'boolean' ||
  (typeof value === 'object' && value !== null)

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}

const expressionOf = (value: unknown): EstExpression => ({ ...recordOf(value) })

const argOf = (operand: unknown): EstExpression | undefined =>
  operand === undefined ? undefined : expressionOf(recordOf(operand).arg)

const argValue = (operand: unknown, world: World): Known => known(argOf(operand) ?? {}, world)

interface Sides {
  readonly left: EstExpression
  readonly right: EstExpression
}

const sidesOf = (operand: unknown): Sides | undefined => {
  if (operand === undefined) return undefined
  const { left, right } = recordOf(operand)
  return { left: expressionOf(left), right: expressionOf(right) }
}
