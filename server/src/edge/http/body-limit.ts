import { z } from 'zod'
import type { Operation } from '../../kit/operation.ts'

const BYTES = 128 * 1024
const BYTES_OF_LISTS = 1024 * 1024

/**
 * How large a body of this operation may be: what takes lists of things, or another operation's input, may be large, and
 * everything else is small, so that nobody makes the server read a mebibyte for nothing.
 */
export const bodyBytesMax = ({ input }: Operation): number =>
  input instanceof z.ZodObject && !Object.values(input.shape).some(mayBeLong) ? BYTES : BYTES_OF_LISTS

// Looked at as they stand: a JSON Schema of each would be a tenth of a start.
const mayBeLong = (schema: unknown): boolean => {
  const given = unwrapped(schema)
  if (given instanceof z.ZodArray) return !isText(unwrapped(given.element))
  if (given instanceof z.ZodRecord) return !isPlain(unwrapped(given.valueType))
  return given instanceof z.ZodObject && given.def.catchall !== undefined && !(given.def.catchall instanceof z.ZodNever)
}

const unwrapped = (schema: unknown): unknown => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return unwrapped(schema.unwrap())
  return schema instanceof z.ZodPipe ? unwrapped(schema.in) : schema
}

const isText = (schema: unknown): boolean =>
  schema instanceof z.ZodString || schema instanceof z.ZodStringFormat || schema instanceof z.ZodEnum

const isPlain = (schema: unknown): boolean =>
  isText(schema) || schema instanceof z.ZodNumber || schema instanceof z.ZodBoolean
