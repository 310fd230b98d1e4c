import { base64url } from 'jose'
import { nameToken, type TokenNames } from '../revocation-target.ts'
import { VerifyError } from '../verify-error.ts'
import { readClaims } from './claims.ts'
import { decodeObject, type KeyChoice, readHeader, splitCompact } from './compact.ts'
import { isSignedBy, type KeySet } from './key-set.ts'
import { createSeen } from './seen.ts'
import { toVerifiedToken, type VerifiedToken } from './verified-token.ts'

/** A token that the issuer did sign; whether it may be used now is another question. */
export interface AuthenticToken extends TokenNames {
  readonly verified: VerifiedToken
}

/** Checks who made a token, and decodes what it says only after that. */
export const createAuthenticate = ({
  keySet,
  lifetimeSecondsMax,
}: {
  keySet: KeySet
  lifetimeSecondsMax: number
}): ((token: string) => Promise<AuthenticToken>) => {
  // Headers of verified tokens only: they repeat for as long as a key lives, and nobody else can fill this.
  const headers = createSeen<KeyChoice>(headersMax)

  return async (token) => {
    const { header, payload, signature, signingInput } = splitCompact(token)
    const { alg, kid } = headers.get(header) ?? readHeader(header)
    const key = keySet.known(kid) ?? (await keySet.resolve(kid))
    if (key === undefined) throw new VerifyError('unknown_key')
    // INVARIANT: the key says with which algorithm it verifies, never the token (RFC 8725 §3.1).
    if (key.alg !== alg) throw new VerifyError('algorithm_refused')
    if (!(await isSignedBy(key, new Uint8Array(base64url.decode(signature)), ascii.encode(signingInput))))
      throw new VerifyError('bad_signature')
    headers.set(header, { alg, kid })
    const body = decodeObject(payload)
    if (body === undefined) throw new VerifyError('token_malformed')
    const claims = readClaims(body, { lifetimeSecondsMax })
    const { targets, digest } = await nameToken(claims)
    return { verified: toVerifiedToken(claims), targets, digest }
  }
}

const headersMax = 200
const ascii = new TextEncoder()
