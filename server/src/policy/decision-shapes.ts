import { z } from 'zod'

/** The id of a decision. */
export const DecisionId = z
  .string()
  .max(64)
  .regex(/^dec_[A-Za-z0-9_-]+(?:\.\d{1,4})?$/, 'a decision is named by its id')

/** A policy that decided, as it is answered. */
export const PolicyView = z.object({ id: z.string(), text: z.string().nullable(), origin: z.string().nullable() })
