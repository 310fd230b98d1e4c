import { KeyUnavailable, type KeyWrapper, NOT_THIS_ONE, WrongKey } from './key-wrapper.ts'
import type { Binding } from './seal-box.ts'

const CONNECT_MS = 3_000
const ANSWER_MS = 5_000
const ATTEMPTS = 3
/** What the service says of a text that this key did not make. */
const NOT_OURS = ['InvalidCiphertextException', 'IncorrectKeyException']

/**
 * A key-encryption key in AWS KMS, which never leaves it: `awskms:KEY?region=eu-central-1`, where KEY is an ARN, an id or
 * `alias/NAME`. Credentials come as they come to every AWS client; a refusal or outage is `KeyUnavailable`.
 */
export const openAwsKms = async (uri: string): Promise<KeyWrapper> => {
  const [keyId = '', query = ''] = uri.slice('awskms:'.length).split('?')
  const asked = new URLSearchParams(query)
  const region = asked.get('region') ?? regionOf(keyId)
  if (keyId === '' || region === undefined)
    throw new KeyUnavailable(
      'a key of AWS KMS is named by awskms:KEY?region=REGION, where KEY is its ARN, id or alias/NAME',
    )
  const endpoint = asked.get('endpoint')
  // Here, so that no other start loads it: it is not in the packed file.
  const { DecryptCommand, EncryptCommand, KMSClient } = await import('@aws-sdk/client-kms')
  const client = new KMSClient({
    region,
    ...(endpoint === null ? {} : { endpoint }),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  })
  return {
    id: `awskms:${keyId}`,
    wrap: async (key, at) => {
      const { CiphertextBlob } = await ask(
        client.send(new EncryptCommand({ KeyId: keyId, Plaintext: key, EncryptionContext: contextOf(at) })),
      )
      if (CiphertextBlob === undefined) throw new KeyUnavailable('AWS KMS answered without a text')
      return Buffer.from(CiphertextBlob).toString('base64url')
    },
    unwrap: async (wrapped, at) => {
      const CiphertextBlob = Buffer.from(wrapped, 'base64url')
      const { Plaintext } = await ask(
        client.send(new DecryptCommand({ KeyId: keyId, CiphertextBlob, EncryptionContext: contextOf(at) })),
      )
      if (Plaintext === undefined) throw new KeyUnavailable('AWS KMS answered without a text')
      return Buffer.from(Plaintext)
    },
  }
}

const regionOf = (keyId: string): string | undefined => /^arn:[\w-]+:kms:([a-z0-9-]+):/.exec(keyId)?.[1]

const contextOf = ({ table, row, column }: Binding) => ({ table, row, column })

const ask = async <T>(answer: Promise<T>): Promise<T> => {
  try {
    return await answer
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown'
    const said = name === 'Error' && error instanceof Error && 'code' in error ? String(error.code) : name
    if (NOT_OURS.includes(name)) throw new WrongKey(NOT_THIS_ONE)
    throw new KeyUnavailable(
      `AWS KMS does not do what it is asked (${said}); see that the key is enabled and may be used`,
      error,
    )
  }
}
