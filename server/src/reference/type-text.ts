import { z } from 'zod'

const Node = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  prefixItems: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.unknown().optional(),
})

/** The TypeScript type of a JSON Schema that zod made, as text. What it cannot say precisely reads `unknown`. */
export const typeText = (schema: unknown): string => {
  const parsed = Node.safeParse(schema)
  if (!parsed.success) return 'unknown'
  const node = parsed.data
  if (node.const !== undefined) return JSON.stringify(node.const)
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(' | ')
  const either = node.anyOf ?? node.oneOf
  if (either !== undefined) return union(either)
  if (node.allOf !== undefined) return node.allOf.map((part) => `(${typeText(part)})`).join(' & ')
  return byType(node)
}

const union = (parts: readonly unknown[]): string => [...new Set(parts.map(typeText))].join(' | ')

const byType = (node: z.infer<typeof Node>): string => {
  const types = Array.isArray(node.type) ? node.type : [node.type]
  return types
    .map((type) => SIMPLE[type ?? ''] ?? (type === 'array' ? arrayText(node) : objectText(node, type)))
    .join(' | ')
}

const SIMPLE: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
}

const arrayText = (node: z.infer<typeof Node>): string =>
  node.prefixItems === undefined
    ? `readonly (${typeText(node.items)})[]`
    : `readonly [${node.prefixItems.map(typeText).join(', ')}]`

const objectText = (node: z.infer<typeof Node>, type: string | undefined): string => {
  if (type !== 'object') return 'unknown'
  const required = new Set(node.required ?? [])
  const members = Object.entries(node.properties ?? {}).map(
    ([name, property]) => `${memberName(name)}${required.has(name) ? '' : '?'}: ${typeText(property)}`,
  )
  if (members.length > 0) return `{ ${members.join('; ')} }`
  const rest = node.additionalProperties
  if (rest === false) return 'Record<string, never>'
  return typeof rest === 'object' ? `Record<string, ${typeText(rest)}>` : 'Record<string, unknown>'
}

const memberName = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))
