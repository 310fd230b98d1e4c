import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { SignJWT } from 'jose'
import { VendorError } from '../vendor.ts'

/** In which way an application proves to Entra that it is itself. */
export type ProofName = 'secret' | 'certificate' | 'federation'

/** What is proven, to whom, and when. */
export interface Proven {
  readonly client: string
  /** The token endpoint, which an assertion is for. */
  readonly audience: string
  /** What is asked for with it. */
  readonly scope: string
  readonly secret: string
  readonly nowMs: number
}

const ASSERTION_SECONDS = 300
const BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The fields of a token request that prove who asks (RFC 6749 §2.3.1, RFC 7523 §2.2). */
export const proofs: Readonly<Record<ProofName, (proven: Proven) => Promise<Readonly<Record<string, string>>>>> = {
  secret: async ({ secret }) => ({ client_secret: secret }),
  certificate: async (proven) => ({ client_assertion_type: BEARER, client_assertion: await signed(proven) }),
  federation: async ({ secret }) => {
    const token = secret.trim()
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token))
      throw new VendorError('the secret is no token (JWT), which proof federation takes')
    return { client_assertion_type: BEARER, client_assertion: token }
  },
}

/** As Microsoft's document on certificate credentials has it: PS256, and the certificate by its thumbprint. */
const signed = async ({ client, audience, scope, secret, nowMs }: Proven): Promise<string> => {
  const { key, certificate } = pairIn(secret)
  const issuedAt = Math.floor(nowMs / 1000)
  const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url')
  return new SignJWT({})
    .setProtectedHeader({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint })
    .setIssuer(client)
    .setSubject(client)
    .setAudience(audience)
    .setJti(uuidOf(`${client} ${scope} ${nowMs}`))
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt - 30)
    .setExpirationTime(issuedAt + ASSERTION_SECONDS)
    .sign(key)
}

/** RFC 9562 §5.8: one that is the same for the same text, and for no other. */
const uuidOf = (text: string): string => {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const PAIR = 'the secret is no private key (RSA) with its certificate, both in PEM, which proof certificate takes'

const pairIn = (pem: string): { readonly key: KeyObject; readonly certificate: X509Certificate } => {
  const pair = readPair(pem)
  if (pair.key.asymmetricKeyType !== 'rsa') throw new VendorError(PAIR)
  if (!pair.certificate.checkPrivateKey(pair.key))
    throw new VendorError('the private key in the secret is not that of the certificate beside it')
  return pair
}

const readPair = (pem: string) => {
  try {
    return {
      key: createPrivateKey(blockOf(pem, 'PRIVATE KEY')),
      certificate: new X509Certificate(blockOf(pem, 'CERTIFICATE')),
    }
  } catch (cause) {
    throw new VendorError(PAIR, undefined, cause)
  }
}

const blockOf = (pem: string, kind: 'PRIVATE KEY' | 'CERTIFICATE'): string => BLOCKS[kind].exec(pem)?.[0] ?? ''

const BLOCKS = {
  'PRIVATE KEY': /-----BEGIN (?:RSA )?PRIVATE KEY-----[A-Za-z0-9+/=\s]{1,20000}-----END (?:RSA )?PRIVATE KEY-----/,
  CERTIFICATE: /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,20000}-----END CERTIFICATE-----/,
}
