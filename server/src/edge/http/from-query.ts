import { z } from 'zod'

/**
 * Turns a query string's texts into what the schema expects, by its JSON Schema: numbers, booleans, lists (repeat the
 * name) and one level of records (`tags.application=orders` or `tags[application]=orders`). What does not fit is left
 * as it is, for zod to refuse.
 */
export const fromQuery = (schema: z.ZodType, query: unknown): Record<string, unknown> => {
  const properties = propertiesOf(schema)
  // A map, for a field named `__proto__` is a field like any other, and zod refuses it as unknown.
  const input = new Map<string, unknown>()
  for (const [name, value] of Object.entries(query ?? {})) {
    const [, head = '', dotted, bracketed] = /^(\w+)(?:\.(.+)|\[([^\]]+)\])$/s.exec(name) ?? []
    const key = dotted ?? bracketed
    if (key !== undefined && properties[head]?.type === 'object') {
      const record = input.get(head)
      input.set(head, { ...(typeof record === 'object' ? record : {}), [key]: value })
    } else input.set(name, convert(properties[name]?.type, value))
  }
  return Object.fromEntries(input)
}

/** The parameters that are given more than once and take one value; their names are the schema's own. */
export const givenTwice = (schema: z.ZodType, query: unknown): readonly string[] => {
  const properties = propertiesOf(schema)
  return Object.entries(query ?? {}).flatMap(([name, value]) => {
    const [, head = name] = /^(\w+)(?:\.|\[)/.exec(name) ?? []
    const type = properties[head]?.type
    return Array.isArray(value) && type !== undefined && type !== 'array' ? [head] : []
  })
}

const Properties = z.record(z.string(), z.looseObject({ type: z.string().optional() }))
const known = new WeakMap<z.ZodType, z.infer<typeof Properties>>()

const propertiesOf = (schema: z.ZodType): z.infer<typeof Properties> => {
  const found = known.get(schema)
  if (found !== undefined) return found
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const made = Properties.catch({}).parse(json.properties ?? {})
  known.set(schema, made)
  return made
}

const convert = (type: string | undefined, value: unknown): unknown => {
  if (type === 'array') return Array.isArray(value) ? value : [value]
  if (typeof value !== 'string') return value
  if ((type === 'integer' || type === 'number') && /^-?\d{1,15}(\.\d{1,10})?$/.test(value)) return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}
