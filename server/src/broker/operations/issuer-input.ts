import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { UnconfirmedList } from '../unconfirmed.ts'
import { ReasonText } from './credential-view.ts'

/** An issuer, as the `iss` of its tokens and the trusts in it name it, and why. */
export const IssuerStopInput = z.strictObject({
  /** The URL of this server, or an issuer that a trust names. */
  issuer: Line(500),
  reason: ReasonText,
})

/** How an issuer is released: the same, and the approval that it takes. */
export const IssuerReleaseInput = IssuerStopInput.extend({
  approval: z
    .string()
    .regex(/^apr_[A-Za-z0-9_-]+$/, 'an approval is named by its id')
    .max(100)
    .optional()
    .describe('the id of an approval of this same request'),
})

/** What the verbs answer. */
export const IssuerStopOutput = z.object({
  issuer: z.string(),
  /** How many trusts of identities name it: none prove anything while it is stopped. */
  trusts: z.number().int(),
  /** The number in the revocation feed from which on verifiers know. */
  seq: z.number().int(),
  unconfirmed: UnconfirmedList,
})
