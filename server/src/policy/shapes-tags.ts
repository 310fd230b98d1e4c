import { isReservedClaim } from '@reeve/sdk'
import { z } from 'zod'

/** Tags that one resource asks for, at most; AWS takes no more than 50 for a session. */
const CLAIMS_MAX = 20
const SESSION_TAGS_MAX = 50

const tag = z
  .string()
  .max(63)
  .regex(/^[a-z][a-z0-9_.-]*$/, 'a tag is named with a-z, 0-9, _, . and -')

const claim = z
  .string()
  .max(200)
  .regex(
    /^(?:[a-z][a-z0-9_]{0,62}|https:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:\/[A-Za-z0-9._~-]+)*)$/,
    'a claim is named like cost_center or https://acme.example/cost_center',
  )
  .refine((name) => !isReservedClaim(name), 'this claim means something else to who reads tokens')

// Keys that differ in nothing but their case are one to AWS.
const key = z
  .string()
  .max(128)
  .regex(/^(?!aws:)[A-Za-z0-9][A-Za-z0-9 _.:/=+@-]*$/i, 'is a key as AWS takes it, and does not begin with aws:')

const isEachOnce = (names: readonly string[]): boolean => new Set(names).size === names.length

/** Tags of an identity that tokens of a resource say, each under a claim of its own. */
export const TagClaims = z
  .array(z.strictObject({ tag, claim }))
  .max(CLAIMS_MAX)
  .refine((list) => isEachOnce(list.map((one) => one.claim)), 'a claim stands twice')

/** Tags of an identity that AWS takes as session tags. */
export const AwsSessionTags = z
  .array(
    z.strictObject({
      tag,
      key,
      isTransitive: z.boolean().default(false).describe('whether a role that is assumed from this session keeps it'),
    }),
  )
  .max(SESSION_TAGS_MAX)
  .refine((list) => isEachOnce(list.map((one) => one.key.toLowerCase())), 'a key stands twice')
