/**
 * Whether an expression names an entity anywhere but as what something is compared with or looked for in: on the right of
 * `==` or `in`. Only there does it say nothing of the named entity itself, which one request describes and another does not.
 */
export const hasFreeEntity = (expression: unknown): boolean => {
  if (typeof expression !== 'object' || expression === null) return false
  if ('__entity' in expression) return true
  return Object.entries(expression).some(([key, inner]) => {
    if (key !== '==' && key !== 'in') return hasFreeEntity(inner)
    const { left, right } = Object(inner)
    const isNamed = isEntity(right) || setOf(right)?.every(isEntity) === true
    return hasFreeEntity(left) || (!isNamed && hasFreeEntity(right))
  })
}

const isEntity = (expression: unknown): boolean => {
  const { Value } = Object(expression)
  return typeof Value === 'object' && Value !== null && '__entity' in Value
}

const setOf = (expression: unknown): readonly unknown[] | undefined => {
  const { Set: members } = Object(expression)
  return Array.isArray(members) ? members : undefined
}
