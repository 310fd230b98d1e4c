/** Whether a pattern of nothing but wildcards stands anywhere in conditions. */
export const isOfAnyText = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(isOfAnyText)
  return Object.entries(value).some(([name, part]) =>
    name === 'like' ? isOnlyWildcards(part) : name !== 'Value' && isOfAnyText(part),
  )
}

const isOnlyWildcards = (operand: unknown): boolean => {
  const pattern = typeof operand === 'object' && operand !== null && 'pattern' in operand ? operand.pattern : undefined
  return Array.isArray(pattern) && pattern.length > 0 && pattern.every((part) => part === 'Wildcard')
}
