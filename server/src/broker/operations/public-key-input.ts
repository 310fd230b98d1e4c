import { z } from 'zod'
import { fault } from '../faults.ts'
import { type PublicKey, readPublicKey } from '../public-key.ts'

/** The public part of a key pair as input, as a JWK. */
export const Jwk = z.record(
  z.string().max(64),
  z.union([z.string().max(4000), z.boolean(), z.array(z.string().max(4000)).max(10)]),
)

/** Reads it; a credential of the kind `public-key` must have one, one of `self-signed-tls` may, and no other. */
export const readKeyOf = (kind: string, publicKey: z.infer<typeof Jwk> | undefined): PublicKey | undefined => {
  const mayHaveKey = kind === 'public-key' || kind === 'self-signed-tls'
  if (kind === 'public-key' ? publicKey === undefined : !mayHaveKey && publicKey !== undefined)
    throw fault('credential_key_missing')
  return publicKey === undefined ? undefined : readPublicKey(publicKey)
}
