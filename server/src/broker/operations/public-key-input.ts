import type { z } from 'zod'
import { fault } from '../faults.ts'
import { type PublicKey, readPublicKey } from '../public-key.ts'
import type { Jwk } from './jwk-input.ts'

/** Reads it; a credential of the kind `public-key` must have one, one of `self-signed-tls` may, and no other. */
export const readKeyOf = (kind: string, publicKey: z.infer<typeof Jwk> | undefined): PublicKey | undefined => {
  mustFitKind(kind, publicKey !== undefined)
  return publicKey === undefined ? undefined : readPublicKey(publicKey)
}

/** Throws where a credential of this kind has no key and needs one, or has one and may not. */
export const mustFitKind = (kind: string, hasKey: boolean): void => {
  const mayHaveKey = kind === 'public-key' || kind === 'self-signed-tls'
  if (kind === 'public-key' ? !hasKey : hasKey && !mayHaveKey) throw fault('credential_key_missing')
}
