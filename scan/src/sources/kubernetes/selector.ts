import type { YamlValue } from '../../yaml-file.ts'

type Fields = Readonly<Record<string, string>>

/** A label selector as fields of facts, one for each value of each condition: a fact's text is short, and cut when it is not. */
export const selectorFields = (selector: YamlValue, at: number): Fields[] => {
  const labels = selector.get('matchLabels')?.entries() ?? []
  const expressions = selector.get('matchExpressions')?.items() ?? []
  const conditions = [
    ...labels.map(({ key, value }) => ({ key, operator: 'In', values: [value.text ?? ''] })),
    ...expressions.map((expression) => ({
      key: expression.get('key')?.text ?? '',
      operator: expression.get('operator')?.text ?? '',
      values: (expression.get('values')?.items() ?? []).map(({ text }) => text ?? ''),
    })),
  ].slice(0, CONDITIONS_MAX)
  const id = { selector: String(at) }
  if (conditions.length === 0) return [{ ...id, condition: '', key: '', operator: '', value: '' }]
  return conditions.flatMap(({ key, operator, values }, condition) =>
    (values.length === 0 ? [''] : values.slice(0, VALUES_MAX)).map((value) => ({
      ...{ ...id, condition: String(condition) },
      ...{ key, operator, value },
    })),
  )
}

const CONDITIONS_MAX = 32
const VALUES_MAX = 64

/** Labels of an object, by name. */
export type Labels = ReadonlyMap<string, string>

/** What selects by these fields: one answer for each selector, which labels fit when all of its conditions hold. */
export const selectorsOf = (fields: readonly Fields[]): ((labels: Labels) => boolean)[] =>
  [...Map.groupBy(fields, ({ selector }) => selector).values()].map((its) => {
    const conditions = [...Map.groupBy(its, ({ condition }) => condition).values()].map(([first = {}, ...rest]) => ({
      ...{ key: first.key ?? '', operator: first.operator ?? '', isNone: first.condition === '' },
      values: [first, ...rest].map(({ value }) => value ?? ''),
    }))
    return (labels) => conditions.every((condition) => condition.isNone || holds(condition, labels.get(condition.key)))
  })

// An operator that does not exist is refused by the cluster: it selects nothing.
const holds = (
  { operator, values }: { readonly operator: string; readonly values: readonly string[] },
  value: string | undefined,
): boolean => {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
