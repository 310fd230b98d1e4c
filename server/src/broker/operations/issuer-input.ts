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

/** What the verbs answer. */
export const IssuerStopOutput = z.object({
  issuer: z.string(),
  /** How many trusts of identities name it: none prove anything while it is stopped. */
  trusts: z.number().int(),
  /** The number in the revocation feed from which on verifiers know. */
  seq: z.number().int(),
  unconfirmed: UnconfirmedList,
})
