import { z } from 'zod'

/** A JWK as input, none of its members looked at yet. */
export const Jwk = z.record(
  z.string().max(64),
  z.union([z.string().max(4000), z.boolean(), z.array(z.string().max(4000)).max(10)]),
)
