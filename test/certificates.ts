import 'reflect-metadata'
import { createHash, randomBytes } from 'node:crypto'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(crypto)

/** A certificate with its key, in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  readonly der: Buffer
  /** RFC 8705 §3.1. */
  readonly thumbprint: string
  readonly publicJwk: JsonWebKey
  readonly keys: CryptoKeyPair
}

/** What a certificate says; by default a client’s, good for a day around now. */
export interface CertificateInput {
  readonly subject?: string
  readonly names?: x509.JsonGeneralNames
  readonly from?: Date
  readonly to?: Date
  /** Extensions in the place of those of a client. */
  readonly extensions?: readonly x509.Extension[]
  readonly more?: readonly x509.Extension[]
  readonly algorithm?: Algorithm
  readonly keys?: CryptoKeyPair
}

type Algorithm = EcKeyGenParams & { readonly hash: string }

/** A CA of the test’s own. */
export interface Authority extends Certificate {
  issue(input?: CertificateInput): Promise<Certificate>
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000

/** Makes a CA; under another one where that is given. */
export const makeAuthority = async (subject = 'CN=Test CA', above?: Authority): Promise<Authority> => {
  const extensions = [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ]
  const own = await makeCertificate({ subject, extensions, to: new Date(Date.now() + 365 * DAY_MS) }, above)
  return { ...own, issue: (input = {}) => makeCertificate(input, own) }
}

/** Makes a certificate: self-signed, or by an issuer. */
export const makeCertificate = async (input: CertificateInput = {}, issuer?: Certificate): Promise<Certificate> => {
  const { subject = 'CN=orders-sync', names, from, to, more = [], algorithm = P256 } = input
  const keys = input.keys ?? (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']))
  const extensions = input.extensions ?? [
    new x509.BasicConstraintsExtension(false),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
  ]
  const parent = issuer === undefined ? undefined : new x509.X509Certificate(issuer.cert)
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(8).toString('hex')}`,
    subject,
    issuer: parent?.subject ?? subject,
    notBefore: from ?? new Date(Date.now() - DAY_MS),
    notAfter: to ?? new Date(Date.now() + DAY_MS),
    publicKey: keys.publicKey,
    signingKey: issuer?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: { ...P256, hash: algorithm.hash },
    extensions: [
      ...extensions,
      ...(names === undefined ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
      ...more,
    ],
  })
  const der = Buffer.from(made.rawData)
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  return {
    cert: made.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`,
    der,
    thumbprint: createHash('sha256').update(der).digest('base64url'),
    publicJwk: await crypto.subtle.exportKey('jwk', keys.publicKey),
    keys,
  }
}

/** The certificate of a server on this machine. */
export const serverCertificate = (authority: Authority): Promise<Certificate> =>
  authority.issue({
    subject: 'CN=localhost',
    names: [
      { type: 'dns', value: 'localhost' },
      { type: 'ip', value: '127.0.0.1' },
    ],
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth])],
  })

/** A certificate as a proxy names it (RFC 9440 §2.1). */
export const headerOf = ({ der }: Pick<Certificate, 'der'>): string => `:${der.toString('base64')}:`

export { x509 }
