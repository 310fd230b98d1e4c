import { KeyUnavailable, type KeyWrapper } from './key-wrapper.ts'

/** Opens a key-encryption key by its URI: `pkcs11:` (RFC 7512) or `awskms:`. Throws `KeyUnavailable`. */
export const openKek = async (uri: string): Promise<KeyWrapper> => {
  // Loaded only where they are used: neither a device's library nor a cloud's client belongs into every server's memory.
  if (uri.startsWith('pkcs11:')) return (await import('./pkcs11.ts')).openPkcs11(uri)
  if (uri.startsWith('awskms:')) return (await import('./aws-kms.ts')).openAwsKms(uri)
  throw new KeyUnavailable(
    'the key-encryption key has to be named by pkcs11:… or awskms:…, see REEVE_KEK_URI in docs/operate.md',
  )
}
