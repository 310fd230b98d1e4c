import type { EntityUid, EstExpression } from '@reeve/cedar'

/**
 * A Cedar expression in both of its forms, made together so that they cannot differ.
 *
 * INVARIANT: no text of a caller gets into `text` but through `cedarString`.
 */
export interface Expression {
  text: string
  est: EstExpression
}

/** A quoted string; everything but plain ASCII is written as an escape, so nothing can end the string or hide in it. */
export const cedarString = (value: string): string => {
  let quoted = ''
  for (const character of value) {
    const isPlain = character >= ' ' && character <= '~' && character !== '"' && character !== '\\'
    quoted += isPlain ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  }
  return `"${quoted}"`
}

/** The name of an entity, as `Reeve::Identity::"nhi_1"`; the type must be one of ours. */
export const entityText = (uid: EntityUid): string => `${uid.type}::${cedarString(uid.id)}`

/** A set of strings. */
export const stringSet = (values: readonly string[]): Expression => ({
  text: `[${values.map(cedarString).join(', ')}]`,
  est: { Set: values.map((Value) => ({ Value })) },
})

/** A whole number, not below zero. */
export const long = (Value: number): Expression => ({ text: `${Value}`, est: { Value } })

/** An attribute of the context; the name must be one of ours. */
export const contextField = (name: string): Expression => ({
  text: `context.${name}`,
  est: { '.': { left: { Var: 'context' }, attr: name } },
})

/** Whether the context has an attribute; the name must be one of ours. */
export const contextHas = (name: string): Expression => ({
  text: `context has ${name}`,
  est: { has: { left: { Var: 'context' }, attr: name } },
})

/** An attribute of who asks; the name must be one of ours. */
export const ofPrincipal = (name: string): Expression => ({
  text: `principal.${name}`,
  est: { '.': { left: { Var: 'principal' }, attr: name } },
})

/** An attribute of what is asked about; the name must be one of ours. */
export const ofResource = (name: string): Expression => ({
  text: `resource.${name}`,
  est: { '.': { left: { Var: 'resource' }, attr: name } },
})

/** Whether one of the two has an attribute; the name must be one of ours. */
export const has = (variable: 'principal' | 'resource', name: string): Expression => ({
  text: `${variable} has ${name}`,
  est: { has: { left: { Var: variable }, attr: name } },
})

/** Whether one of the two is of a type; the type must be one of the schema's. */
export const isOfType = (variable: 'principal' | 'resource', type: string): Expression => ({
  text: `${variable} is ${type}`,
  est: { is: { left: { Var: variable }, entity_type: type } },
})

/** A value of an extension type. */
export const extension = (name: 'datetime' | 'duration' | 'ip', value: string): Expression => ({
  text: `${name}(${cedarString(value)})`,
  est: { [name]: [{ Value: value }] },
})

/** A method of an extension type. */
export const method = (
  name: 'isInRange' | 'toTime' | 'durationSince',
  on: Expression,
  ...given: Expression[]
): Expression => ({
  text: `${on.text}.${name}(${given.map((one) => one.text).join(', ')})`,
  est: { [name]: [on.est, ...given.map((one) => one.est)] },
})

/** A method of a set. */
export const contains = (set: Expression, item: Expression): Expression => ({
  text: `${set.text}.contains(${item.text})`,
  est: { contains: { left: set.est, right: item.est } },
})

/** Two expressions joined; several of the same kind are joined from the left, as the grammar does. */
export const joined = (operator: '&&' | '||' | '<' | '<=' | '>=', left: Expression, right: Expression): Expression => ({
  text: `${bracketed(left, operator)} ${operator} ${bracketed(right, operator)}`,
  est: { [operator]: { left: left.est, right: right.est } },
})

/** Whether one of several holds; there must be at least one. */
export const anyOf = (first: Expression, ...rest: Expression[]): Expression =>
  rest.reduce((left, right) => joined('||', left, right), first)

// Only && and || nest here, and only they need brackets inside the other.
const bracketed = (part: Expression, inside: string): string => {
  const [operator = ''] = Object.keys(part.est)
  return (operator === '||' || operator === '&&') && operator !== inside ? `(${part.text})` : part.text
}
