import type { Sealer } from '../../kit/seal.ts'
import { hashSecret } from '../client-secret.ts'
import type { Credential } from '../store-credential.ts'

/**
 * What is kept of a new secret. Of one that is sent here, or to who asks here, there is the digest alone. What signs webhooks
 * is never sent: whoever checks an HMAC needs the secret itself, and so it is sealed to its row.
 */
export const keepSecret = (
  { sealer }: { readonly sealer: Sealer },
  { id, kind, secret }: { readonly id: string; readonly kind: Credential['kind']; readonly secret: string | null },
): Pick<Credential, 'secretHash' | 'sealed'> => {
  // A join secret proves nobody: it only lets one machine bring its key.
  if (secret === null || kind === 'bound-key') return { secretHash: null, sealed: null }
  if (kind !== 'webhook-secret') return { secretHash: hashSecret(secret), sealed: null }
  return { secretHash: null, sealed: sealer.seal(Buffer.from(secret), sealedAt(id)) }
}

/** The secret that was sealed; undefined where the credential is over. */
export const openSecret = (
  { sealer }: { readonly sealer: Sealer },
  { id, sealed }: Pick<Credential, 'id' | 'sealed'>,
): string | undefined => (sealed === null ? undefined : sealer.open(sealed, sealedAt(id)).toString('utf8'))

const sealedAt = (id: string) => ({ table: 'broker_credential', column: 'sealed', row: id })
