import { base64Bytes, type Signature, type WebhookForm } from './forms.ts'

/** One key of a sender, ready to check what it signed. */
export interface WebhookKey {
  readonly by: Signature['by']
  readonly key: CryptoKey
}

// Standard Webhooks: between 24 and 64 bytes. The other senders give texts, of which a guessable one protects nothing.
const SECRET_BYTES_MIN = 24
const SECRET_CHARACTERS_MIN = 16
const PUBLIC_KEY_BYTES = 32

/** The keys behind these secrets, in the sender's own writing. Throws where one is none; the text is not repeated. */
export const importKeys = async (form: WebhookForm, secrets: readonly string[]): Promise<readonly WebhookKey[]> =>
  Promise.all(secrets.map((secret) => (form === 'standard' ? standardKey(secret) : hmacKey(textSecret(secret)))))

const standardKey = async (text: string): Promise<WebhookKey> => {
  if (text.startsWith('whpk_')) {
    const bytes = bytesOf(text.slice('whpk_'.length))
    if (bytes.length !== PUBLIC_KEY_BYTES)
      throw new TypeError('a public key of a webhook (whpk_…) is 32 bytes in base64')
    return { by: 'ed25519', key: await crypto.subtle.importKey('raw', bytes, 'Ed25519', false, ['verify']) }
  }
  const bytes = bytesOf(text.startsWith('whsec_') ? text.slice('whsec_'.length) : text)
  if (bytes.length < SECRET_BYTES_MIN)
    throw new TypeError(`a secret of a webhook (whsec_…) is at least ${SECRET_BYTES_MIN} bytes in base64`)
  return hmacKey(bytes)
}

const textSecret = (text: string): Uint8Array<ArrayBuffer> => {
  if (text.length < SECRET_CHARACTERS_MIN)
    throw new TypeError(`a secret of a webhook has at least ${SECRET_CHARACTERS_MIN} characters`)
  return new TextEncoder().encode(text)
}

const hmacKey = async (bytes: Uint8Array<ArrayBuffer>): Promise<WebhookKey> => ({
  by: 'hmac',
  key: await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']),
})

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => {
  try {
    return base64Bytes(text)
  } catch {
    throw new TypeError('a secret or key of a webhook is in base64')
  }
}
