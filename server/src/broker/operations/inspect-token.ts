import { z } from 'zod'
import { fault } from '../faults.ts'
import { tokenDigest } from '../memory/token-reader.ts'
import { operation } from '../room.ts'
import { whyToken } from '../why-token.ts'
import { aboutToken } from './token-input.ts'

/** Tells a person what a token says and whether it is in force. A write, so that the token travels in a body, not a URL. */
export const inspectToken = operation.write({
  name: 'broker.token.inspect',
  summary: 'show what an access token says, whether it is in force, and if not, why',
  input: z.strictObject({ token: z.string().min(1).max(8192) }),
  output: z.object({
    isInForce: z.boolean(),
    /** `expired`, or the scope at which it was stopped. */
    ended: z.string().nullable(),
    /** How it ends by itself, and what stops it now: who did so, when and why. */
    because: z.array(z.string()).readonly(),
    /** The digest by which events and use reports name it. */
    token: z.string(),
    algorithm: z.string(),
    keyId: z.string(),
    claims: z.record(z.string(), z.unknown()),
  }),
  faults: ['token_not_ours'],
  principals: ['human'],
  on: ({ input, ports }) => aboutToken(input, ports),
  run: async ({ input, now, ports, tx }) => {
    const token = ports.tokens.read(input.token)
    if (token === undefined) throw fault('token_not_ours')
    const ended = ports.tokens.endOf(token, now) ?? null
    const digest = tokenDigest(token.claims.jti)
    return {
      output: {
        isInForce: ended === null,
        ended,
        because: await whyToken(tx, token.claims, now),
        token: digest,
        algorithm: token.algorithm,
        keyId: token.keyId,
        claims: { ...token.claims },
      },
      evidence: { token: digest },
    }
  },
})
