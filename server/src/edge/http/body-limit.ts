import { z } from 'zod'
import type { Operation } from '../../kit/operation.ts'

const BYTES = 128 * 1024
const BYTES_OF_LISTS = 1024 * 1024

/**
 * How large a body of this operation may be: what takes lists of things, or another operation's input, may be large, and
 * everything else is small, so that nobody makes the server read a mebibyte for nothing.
 */
export const bodyBytesMax = (operation: Operation): number => {
  const json = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any' })
  return Object.values(Properties.parse(json.properties ?? {})).some(mayBeLong) ? BYTES_OF_LISTS : BYTES
}

const Typed = z.looseObject({ type: z.string().optional() })
const Property = Typed.extend({
  items: Typed.optional(),
  additionalProperties: z.union([Typed, z.boolean()]).optional(),
})
const Properties = z.record(z.string(), Property)

const mayBeLong = ({ type, items, additionalProperties }: z.infer<typeof Property>): boolean => {
  if (type === 'array') return items?.type !== 'string'
  return typeof additionalProperties === 'object' && additionalProperties.type === undefined
}
