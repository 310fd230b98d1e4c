import { z } from 'zod'
import { coreFault } from '../../kit/fault.ts'
import { DEPLOYMENT, type Subject, UNOWNED } from '../../kit/operation.ts'
import { Line, Moment } from '../../kit/text.ts'
import { fault } from '../faults.ts'
import { tokenDigest } from '../memory/token-reader.ts'
import type { BrokerPorts } from '../room.ts'
import { UnconfirmedList } from '../unconfirmed.ts'
import { ReasonText } from './credential-view.ts'

/** A token: itself, or its jti with its expiry. */
export const TokenInput = z.strictObject({
  token: z.string().min(1).max(8192).optional(),
  jti: Line(256).optional(),
  expiresAt: Moment.optional(),
  reason: ReasonText,
})

/** What stopping or releasing a token answers. */
export const TokenStopOutput = z.object({
  /** The digest by which events and use reports name the token. */
  token: z.string(),
  seq: z.number().int(),
  unconfirmed: UnconfirmedList,
})

/** Which token is meant, and until when it matters. */
export const readTokenInput = (
  input: z.infer<typeof TokenInput>,
  ports: BrokerPorts,
): { readonly jti: string; readonly until: Date; readonly digest: string; readonly identity: string | null } => {
  if (input.token === undefined) {
    if (input.jti === undefined || input.expiresAt === undefined)
      throw coreFault('invalid_input', { places: [{ pointer: '/token', detail: 'the token, or jti and expiresAt' }] })
    return { jti: input.jti, until: new Date(input.expiresAt), digest: tokenDigest(input.jti), identity: null }
  }
  const found = ports.tokens.read(input.token)
  if (found === undefined) throw fault('token_not_ours')
  const { jti, exp, sub } = found.claims
  return { jti, until: new Date(exp * 1000), digest: tokenDigest(jti), identity: sub }
}

/** The identity that the token was issued to, when the whole token was given. */
export const aboutToken = (input: { readonly token?: string | undefined }, ports: BrokerPorts): Subject => {
  if (input.token === undefined) return DEPLOYMENT
  const claims = ports.tokens.read(input.token)?.claims
  if (claims === undefined) return UNOWNED
  const { name, environment, owner } = claims.reeve
  return { type: 'Identity', id: claims.sub, name, environment, team: owner }
}
