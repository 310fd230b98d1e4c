import { base64url } from 'jose'
import { keyTarget, nameToken, type ScopedTarget, type TokenNames } from '../revocation-target.ts'
import type { JsonObject } from '../strict-json.ts'
import { VerifyError } from '../verify-error.ts'
import { readClaims } from './claims.ts'
import { type Compact, decodeObject, type KeyChoice, readHeader, splitCompact } from './compact.ts'
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
  const headers = createSeen<NamedKey>(headersMax)

  return async (token) => {
    const parts = splitCompact(token)
    const known = headers.get(parts.header)
    const choice = known ?? readHeader(parts.header)
    const body = await readSigned(keySet, parts, choice)
    const named = known ?? { ...choice, target: keyTarget(choice.kid) }
    headers.set(parts.header, named)
    const claims = readClaims(body, { lifetimeSecondsMax })
    const { targets, digest } = await nameToken(claims)
    // A key that leaked is withdrawn by the feed, before anybody asks for the key set again.
    return { verified: toVerifiedToken(claims, body), targets: [...targets, named.target], digest }
  }
}

interface NamedKey extends KeyChoice {
  readonly target: ScopedTarget
}

/** Reads status lists of the same issuer: they are signed with the same keys, and are of another type. */
export const createListReader =
  (keySet: KeySet) =>
  (text: string): Promise<JsonObject> => {
    const parts = splitCompact(text, listCharactersMax)
    return readSigned(keySet, parts, readHeader(parts.header, 'statuslist+jwt'))
  }

const listCharactersMax = 262_144

/** What a part of a JWT says, once the issuer's signature on it was verified. */
const readSigned = async (
  keySet: KeySet,
  { payload, signature, signingInput }: Compact,
  { alg, kid }: KeyChoice,
): Promise<JsonObject> => {
  const key = keySet.known(kid) ?? (await keySet.resolve(kid))
  if (key === undefined) throw new VerifyError('unknown_key')
  // INVARIANT: the key says with which algorithm it verifies, never the token (RFC 8725 §3.1).
  if (key.alg !== alg) throw new VerifyError('algorithm_refused')
  if (!(await isSignedBy(key, new Uint8Array(base64url.decode(signature)), ascii.encode(signingInput))))
    throw new VerifyError('bad_signature')
  const body = decodeObject(payload)
  if (body === undefined) throw new VerifyError('token_malformed')
  return body
}

const headersMax = 200
const ascii = new TextEncoder()
