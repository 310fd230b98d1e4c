import type { AccessTokenClaims } from '@reeve/sdk'
import { ID_JAG_TYPE } from '../domain/client-proof.ts'
import { ID_JAG_TOKEN_TYPE } from '../domain/exchange-request.ts'
import type { OtherText } from './grant.ts'

const LIFE_SECONDS_MAX = 300

/** Nobody revokes at another server what was issued here, so that a grant for one ends soon. */
export const shortened = (claims: AccessTokenClaims): AccessTokenClaims => ({
  ...claims,
  exp: Math.min(claims.exp, claims.iat + LIFE_SECONDS_MAX),
})

/** The grant that says of a token's subject what another authorization server needs (ID-JAG §3), and nothing else of ours. */
export const idJagOf = (claims: AccessTokenClaims): OtherText => {
  const { iss, sub, aud, client_id, jti, iat, exp, scope, cnf, act, authorization_details } = claims
  const named = scope === '' ? {} : { scope }
  return {
    type: ID_JAG_TYPE,
    issuedTokenType: ID_JAG_TOKEN_TYPE,
    claims: { iss, sub, aud, client_id, jti, iat, exp, ...named, cnf, act, authorization_details },
  }
}
