import { type EntityUid, uidText } from '../entity-uid.ts'
import type { EstExpression } from '../policy-est.ts'
import { possibilityOf, type World } from '../possible.ts'
import { likePieces } from '../values/like-pattern.ts'
import { type Constant, type Fact, factOf } from './fact.ts'
import type { ReadGround } from './ground.ts'
import { type Conjunction, fieldsOf, type Literal, partOf, textOf } from './literal.ts'

/**
 * Whether all of these can hold at once, as far as can be told.
 * INVARIANT: `false` is a promise: there is no request for which they all do.
 */
export const isConsistent = (conjunction: Conjunction, ground: ReadGround): boolean => {
  const wanted = new Map<string, boolean>()
  const facts = new Map<string, Fact[]>()
  for (const literal of conjunction) {
    const { key, isImpossible, fact } = readLiteral(literal)
    if (isImpossible || (wanted.get(key) ?? literal.isWanted) !== literal.isWanted) return false
    wanted.set(key, literal.isWanted)
    if (fact === undefined) continue
    const known = facts.get(fact.of)
    if (known === undefined) facts.set(fact.of, [fact])
    else known.push(fact)
  }
  for (const [of, said] of facts)
    if (!(of === ACTION ? canBeAction(said, ground) : canAllBe(of, said, ground))) return false
  return !readsWhatIsNotThere(conjunction)
}

interface KnownLiteral {
  readonly key: string
  readonly isImpossible: boolean
  readonly fact: Fact | undefined
}

// Each is compared with those of every other policy, and read once.
const readBefore = new WeakMap<Literal, KnownLiteral>()

const readLiteral = (literal: Literal): KnownLiteral => {
  const before = readBefore.get(literal)
  if (before !== undefined) return before
  const read = { key: keyOf(literal.body), isImpossible: isNever(literal), fact: factOf(literal) }
  readBefore.set(literal, read)
  return read
}

// Equality has no sides.
const keyOf = (body: EstExpression): string => {
  if (body['=='] === undefined) return textOf(body)
  return `== ${[textOf(partOf(body['=='], 'left')), textOf(partOf(body['=='], 'right'))].sort().join(' ')}`
}

const NOTHING_KNOWN: World = {
  entity: () => undefined,
  isIn: (uid, ancestor) => (uidText(uid) === uidText(ancestor) ? true : undefined),
}

const isNever = ({ body, isWanted }: Literal): boolean => {
  const equals = body['==']
  if (equals !== undefined && !isWanted && textOf(partOf(equals, 'left')) === textOf(partOf(equals, 'right')))
    return true
  return possibilityOf([{ kind: isWanted ? 'when' : 'unless', body }], NOTHING_KNOWN) === 'never'
}

const ACTION = textOf({ Var: 'action' })

// All actions there are would be gone through for each pair of policies, and what is asked of actions is mostly the same.
const canBeAction = (facts: readonly Fact[], ground: ReadGround): boolean => {
  const key = textOf(facts)
  const before = ground.actionAnswers.get(key)
  if (before !== undefined) return before
  const answer = canAllBe(ACTION, facts, ground)
  ground.actionAnswers.set(key, answer)
  return answer
}

const canAllBe = (of: string, facts: readonly Fact[], ground: ReadGround): boolean => {
  const actions = of === ACTION ? [ground.names] : []
  const lists = [...actions, ...facts.flatMap((fact) => (fact.says === 'oneOf' ? [fact.values] : []))]
  if (!facts.every((fact) => isOfSomething(fact, ground))) return false
  const [first, ...others] = lists
  if (first === undefined) return isOpen(facts)
  return first.some(
    (one) =>
      others.every((list) => list.some(({ key }) => key === one.key)) &&
      isRegistered(one.uid, ground) &&
      facts.every((fact) => fits(one, fact, ground)),
  )
}

/** Whether a value is as a fact says; true also where that cannot be told. */
const fits = (one: Constant, fact: Fact, ground: ReadGround): boolean => {
  switch (fact.says) {
    case 'oneOf':
      return fact.values.some(({ key }) => key === one.key)
    case 'noneOf':
      return fact.values.every(({ key }) => key !== one.key)
    case 'from':
      return one.order === undefined || one.order >= fact.bound
    case 'to':
      return one.order === undefined || one.order <= fact.bound
    case 'isType':
      return one.uid === undefined || one.uid.type === fact.type
    case 'isNoType':
      return one.uid === undefined || one.uid.type !== fact.type
    case 'isIn':
      return one.uid === undefined || isInGroup(one.uid, fact.group, ground) !== false
    case 'isNotIn':
      return one.uid === undefined || isInGroup(one.uid, fact.group, ground) !== true
    case 'like':
      return one.text === undefined || likePieces(fact.pieces)(one.text)
    case 'unlike':
      return one.text === undefined || !likePieces(fact.pieces)(one.text)
  }
}

const isInGroup = (uid: EntityUid, group: EntityUid, ground: ReadGround): boolean | undefined => {
  const [own, wanted] = [uidText(uid), uidText(group)]
  return own === wanted ? true : ground.groupsOf.get(own)?.has(wanted)
}

// What is named must be there, where all that is there is known.
const isOfSomething = (fact: Fact, ground: ReadGround): boolean =>
  fact.says !== 'isIn' || isRegistered(fact.group, ground)

const isRegistered = (uid: EntityUid | undefined, ground: ReadGround): boolean =>
  uid === undefined || (ground.known.get(uid.type)?.has(uid.id) ?? true)

/** Whether a term may have some value that is not named at all. */
const isOpen = (facts: readonly Fact[]): boolean => {
  let [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (const fact of facts) {
    if (fact.says === 'from') from = Math.max(from, fact.bound)
    if (fact.says === 'to') to = Math.min(to, fact.bound)
  }
  if (from > to) return false
  const types = new Set(facts.flatMap((fact) => (fact.says === 'isType' ? [fact.type] : [])))
  if (types.size > 1) return false
  if (facts.some((fact) => fact.says === 'isNoType' && types.has(fact.type))) return false
  return areCompatible(
    facts.flatMap((fact) => (fact.says === 'like' ? [fact.pieces] : [])),
    facts,
  )
}

// Two patterns meet where their beginnings and their ends do not contradict each other.
const areCompatible = (patterns: readonly (readonly string[])[], facts: readonly Fact[]): boolean => {
  const unlike = facts.flatMap((fact) => (fact.says === 'unlike' ? [fact.pieces] : []))
  return patterns.every(
    (one, at) =>
      patterns.slice(at + 1).every((other) => {
        const [start, otherStart] = [one[0] ?? '', other[0] ?? '']
        const [end, otherEnd] = [one.at(-1) ?? '', other.at(-1) ?? '']
        return (
          (start.startsWith(otherStart) || otherStart.startsWith(start)) &&
          (end.endsWith(otherEnd) || otherEnd.endsWith(end))
        )
      }) && unlike.every((other) => !isWithin(one, other)),
  )
}

// Whether whatever matches `a…` begins with what `b*` asks for.
const isWithin = (narrow: readonly string[], wide: readonly string[]): boolean =>
  wide.length === 2 && (narrow[0] ?? '').startsWith(wide[0] ?? '') && wide[1] === '' && narrow.length > 1

/** Whether something is read of which something else says that it is not there: that fails, and nothing matches. */
const readsWhatIsNotThere = (conjunction: Conjunction): boolean => {
  if (conjunction.every(({ body, isWanted }) => isWanted || body.has === undefined)) return false
  const absent = new Set(
    conjunction.flatMap(({ body, isWanted }) => (isWanted || body.has === undefined ? [] : [fieldKey(body.has)])),
  )
  return conjunction.some(({ body }) => reads(body, absent))
}

const fieldKey = (operand: unknown): string => textOf([partOf(operand, 'left'), fieldsOf(operand).attr])

const reads = (value: unknown, absent: ReadonlySet<string>): boolean => {
  if (Array.isArray(value)) return value.some((part) => reads(part, absent))
  const fields = fieldsOf(value)
  // Of these the second part may never be looked at.
  if ('&&' in fields || '||' in fields || 'if-then-else' in fields) return false
  if (fields['.'] !== undefined && absent.has(fieldKey(fields['.']))) return true
  return Object.entries(fields).some(([name, part]) => name !== 'Value' && reads(part, absent))
}
