import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { certificateFault, type ShownCertificate, shown } from '../client-certificate.ts'
import { type CertificateName, canonicalName, certificateNameTypes, nameDigest } from '../domain/certificate-name.ts'
import { type CredentialKind, rulesOfKind } from '../domain/credential-kind.ts'
import { fault } from '../faults.ts'

const NameType = z.enum(certificateNameTypes)

/** The name in certificates as callers see it. */
export const CertificateNameView = z.object({ type: NameType, value: z.string() })

/** What a credential of the kinds `self-signed-tls` and `tls-client-auth` is added with. */
export const CertificateInput = {
  /** Of kind self-signed-tls: the certificate, in PEM; or its key as `publicKey`, for whatever certificates that has. */
  certificate: z.string().min(1).max(16_000).optional(),
  /**
   * Of kind tls-client-auth: the one name that its certificates bear, which a CA of this server issued. A subject (`dn`) is
   * written as `openssl x509 -noout -subject -nameopt RFC2253,-esc_msb` prints it.
   */
  certificateName: z.strictObject({ type: NameType, value: Line(1000) }).optional(),
}

/** What is registered of a certificate. */
export interface RegisteredCertificate {
  readonly thumbprint: string
  readonly name: CertificateName | null
  readonly endsAt: Date | undefined
}

interface Asked {
  readonly kind: CredentialKind
  readonly publicKey?: unknown
  readonly certificate?: string | undefined
  readonly certificateName?: CertificateName | undefined
}

/** Reads it; undefined for a credential of another kind, and for one that is registered by its key. Throws what is wrong. */
export const readCertificateInput = (
  { kind, publicKey, certificate, certificateName: name }: Asked,
  now: Date,
): RegisteredCertificate | undefined => {
  const given = [kind === 'self-signed-tls' ? publicKey : undefined, certificate, name].filter((x) => x !== undefined)
  const isName = name !== undefined
  if (given.length !== (rulesOfKind(kind).isTls ? 1 : 0) || isName !== (kind === 'tls-client-auth'))
    throw fault('credential_certificate_missing')
  if (isName) {
    const value = canonicalName(name)
    if (value === undefined) throw fault('credential_certificate_wrong', { about: `not a name of type ${name.type}` })
    const canonical = { type: name.type, value }
    return { thumbprint: nameDigest(canonical), name: canonical, endsAt: undefined }
  }
  if (certificate === undefined) return undefined
  const read = parsed(certificate)
  const wrong = certificateFault(read, now.getTime())
  if (wrong !== undefined) throw fault('credential_certificate_wrong', { about: wrong.replaceAll('_', ' ') })
  return { thumbprint: read.thumbprint, name: null, endsAt: read.certificate.validToDate }
}

const parsed = (text: string): ShownCertificate => {
  // Of several one would be taken, and nobody could say which.
  if (text.split('-----BEGIN ').length === 2)
    try {
      return shown(new X509Certificate(text))
    } catch {
      // Told below.
    }
  throw fault('credential_certificate_wrong', { about: 'not one certificate in PEM' })
}
