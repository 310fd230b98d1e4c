import { createPrivateKey, type KeyObject } from 'node:crypto'
import { type JWTPayload, SignJWT } from 'jose'
import { z } from 'zod'
import { VendorError } from '../vendor.ts'

/** What Google wants as the audience of a proof, wherever it is sent through. */
const TOKEN_AUDIENCE = 'https://oauth2.googleapis.com/token'

const PROOF_SECONDS = 3600
// A clock of ours that is ahead would make a proof from the future, which is refused.
const EARLY_SECONDS = 30

const Key = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(3).max(300),
  private_key: z.string().min(1),
  private_key_id: z.string().max(100).optional(),
})

/** The claims of a proof (RFC 7523 §3) that a service account is asked for with. */
export const proofClaims = (issuer: string, claims: JWTPayload, now: Date): JWTPayload => {
  const iat = Math.floor(now.getTime() / 1000) - EARLY_SECONDS
  return { ...claims, iss: issuer, aud: TOKEN_AUDIENCE, iat, exp: iat + PROOF_SECONDS }
}

/** A proof that is signed with the key of a service account, as Google hands that out. */
export const proofOf = async (secret: string, claims: JWTPayload, now: Date): Promise<string> => {
  const value = parse(secret)
  const parsed = Key.safeParse(value)
  if (!parsed.success) throw new VendorError(isForeign(value) ? FOREIGN : NO_KEY)
  const { client_email: email, private_key: pem, private_key_id: kid } = parsed.data
  return new SignJWT(proofClaims(email, claims, now))
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
    .sign(privateKey(pem))
}

const NO_KEY = 'the secret is no key of a service account in JSON'
// Such a configuration names files and addresses of this machine, whose content would be sent to wherever it says.
const FOREIGN =
  'the secret is a configuration of an external account: give its audience as the setting provider, and the token itself as the secret'

const isForeign = (value: unknown): boolean =>
  z.object({ type: z.literal('external_account') }).safeParse(value).success

const privateKey = (pem: string): KeyObject => {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new VendorError('the private key in the secret cannot be read', undefined, cause)
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
