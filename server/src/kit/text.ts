import { z } from 'zod'

/**
 * One line of text from a caller: no control characters, and no lone surrogates, which no log, database or JSON text
 * can carry as they are.
 */
export const Line = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must be one line of text without control characters')

/** Text of several lines, which tabs and line feeds may shape. */
export const Prose = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .regex(/^(?:[^\p{Cc}\p{Cs}]|[\t\n])*$/u, 'must be text without control characters')

/** A moment on the wire: ISO 8601 with Z. */
export const Moment = z.iso.datetime().max(40)
