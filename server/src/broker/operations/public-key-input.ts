import type { z } from 'zod'
import { fault } from '../faults.ts'
import { type PublicKey, readPublicKey } from '../public-key.ts'
import type { Jwk } from './jwk-input.ts'

/** Reads it; a credential of the kind `public-key` must have one, one of `self-signed-tls` may, and no other. */
export const readKeyOf = (kind: string, publicKey: z.infer<typeof Jwk> | undefined): PublicKey | undefined => {
  const mayHaveKey = kind === 'public-key' || kind === 'self-signed-tls'
  if (kind === 'public-key' ? publicKey === undefined : !mayHaveKey && publicKey !== undefined)
    throw fault('credential_key_missing')
  return publicKey === undefined ? undefined : readPublicKey(publicKey)
}
