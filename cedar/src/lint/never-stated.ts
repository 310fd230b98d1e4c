import { isConsistent } from './consistent.ts'
import type { ReadGround, StatedTo } from './ground.ts'
import type { ReadPolicy } from './linted-policy.ts'
import { type Conjunction, fieldsOf, type Literal, literalUid, partOf, textOf, wholeOf } from './literal.ts'

/** A fact of the context that a policy looks at and that is stated nowhere that the policy may match; if there is one. */
export const neverStated = (policy: ReadPolicy, ground: ReadGround): string | undefined => {
  const asked = ground.stated.filter(({ key }) => policy.actions.has(key))
  // Of an action of which nobody says what is stated, everything may be.
  if (new Set(asked.map(({ key }) => key)).size < policy.actions.size) return undefined
  const ways: readonly Conjunction[] = policy.ways ?? [[{ body: wholeOf(policy.est), isWanted: true }]]
  // Of a list of actions it is enough that one has the fact stated: they are one thing that the policy says.
  for (const alike of Map.groupBy(ways, (way) => textOf(way.filter((literal) => !isOfList(literal)))).values()) {
    const isAsked = (one: StatedTo) => alike.some((way) => isConsistent([...way, ...literalsOf(one)], ground))
    const looked = [...new Set(alike[0]?.flatMap(({ body }) => factsIn(body)))]
    const missing = looked.find((fact) => !asked.some((one) => one.facts.has(fact) && isAsked(one)))
    if (missing !== undefined && asked.some(isAsked)) return missing
  }
  return undefined
}

const isOfList = ({ body, isWanted }: Literal): boolean => isWanted && partOf(body.in, 'left').Var === 'action'

const known = new WeakMap<StatedTo, readonly Literal[]>()

// The action, and of what type whoever does it is.
const literalsOf = (one: StatedTo): readonly Literal[] => {
  const before = known.get(one)
  if (before !== undefined) return before
  const made = [
    { body: { '==': { left: { Var: 'action' }, right: literalUid(one.uid) } }, isWanted: true },
    { body: { is: { left: { Var: 'principal' }, entity_type: one.principalType } }, isWanted: true },
  ]
  known.set(one, made)
  return made
}

/** The facts of the context that an expression looks at, a field of a field as `requested.scopes`. */
const factsIn = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(factsIn)
  return Object.entries(fieldsOf(value)).flatMap(([operator, operand]) => {
    if (operator === 'Value') return []
    const path = operator === '.' || operator === 'has' ? pathOf(operand) : undefined
    return path === undefined ? factsIn(operand) : [path.join('.')]
  })
}

const pathOf = (operand: unknown): readonly string[] | undefined => {
  const { attr } = fieldsOf(operand)
  const left = partOf(operand, 'left')
  if (typeof attr !== 'string') return undefined
  if (left.Var === 'context') return [attr]
  const above = left['.'] === undefined ? undefined : pathOf(left['.'])
  return above && [...above, attr]
}
