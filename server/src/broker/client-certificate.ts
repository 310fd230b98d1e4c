import { hash, X509Certificate } from 'node:crypto'
import type { AttributeTypeAndValue } from '@peculiar/asn1-x509'
import {
  type CertificateName,
  type CertificateNames,
  canonicalName,
  distinguishedName,
  type NameAttribute,
} from './domain/certificate-name.ts'
import { jwkThumbprint } from './public-key.ts'

/** A certificate whose key the sender of a request holds, as the TLS layer or a trusted proxy found out. */
export interface ShownCertificate {
  readonly certificate: X509Certificate
  /** RFC 8705 §3.1: the SHA-256 of its DER, in base64url. */
  readonly thumbprint: string
}

/** A certificate from its DER, or undefined when these bytes are not exactly one that is looked at. */
export const readCertificate = (der: Uint8Array): ShownCertificate | undefined => {
  if (der.length > CERTIFICATE_BYTES_MAX) return undefined
  try {
    const certificate = new X509Certificate(der)
    // INVARIANT: what is hashed is what was parsed, to the last byte.
    return certificate.raw.equals(der) ? shown(certificate) : undefined
  } catch {
    return undefined
  }
}

/** The same of what was parsed already. */
export const shown = (certificate: X509Certificate): ShownCertificate => ({
  certificate,
  thumbprint: hash('sha256', certificate.raw, 'base64url'),
})

/** What is larger is no certificate of a workload, and is not looked at. */
const CERTIFICATE_BYTES_MAX = 12_000

/** The thumbprint of its key (RFC 7638), or undefined when it has none that is written as a JWK. */
export const keyThumbprintOf = ({ certificate }: ShownCertificate): string | undefined => {
  try {
    return jwkThumbprint(certificate.publicKey.export({ format: 'jwk' }))
  } catch {
    return undefined
  }
}

/** Why a certificate proves nobody at this time, whoever signed it. */
export const certificateFault = ({ certificate }: ShownCertificate, nowMs: number): string | undefined => {
  if (nowMs < certificate.validFromDate.getTime()) return 'not_valid_yet'
  if (nowMs >= certificate.validToDate.getTime()) return 'expired'
  return isWeak(certificate) ? 'weak_key' : undefined
}

const RSA_BITS_MIN = 2048
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

const isWeak = ({ publicKey }: X509Certificate): boolean => {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = publicKey.asymmetricKeyDetails ?? {}
  const type = publicKey.asymmetricKeyType ?? ''
  // A signature under a small exponent can be made without the key where padding is checked badly, and under 1 always.
  if (type.startsWith('rsa')) return modulusLength < RSA_BITS_MIN || publicExponent < 65_537n
  return type === 'ec' ? !CURVES.has(namedCurve) : type !== 'ed25519' && type !== 'ed448'
}

/**
 * What a certificate says of its holder, when one of these CAs issued it for clients; otherwise why that is not known. The
 * CA that is named issued it itself: what else a client sends along is not looked at, so that there is no path to be built.
 */
export const vouchedNames = async (
  { certificate }: ShownCertificate,
  given: { readonly cas: readonly X509Certificate[]; readonly nowMs: number },
): Promise<CertificateNames | string> => {
  const { cas, nowMs } = given
  const issuers = cas.filter((ca) => ca.ca && certificate.checkIssued(ca) && certificate.verify(ca.publicKey))
  if (issuers.length === 0) return 'issuer_not_trusted'
  // A CA that was renewed with its key stands beside what it was before.
  const issuer = issuers.find(({ validFromDate, validToDate }) => {
    return validFromDate.getTime() <= nowMs && nowMs < validToDate.getTime()
  })
  if (issuer === undefined) return 'issuer_expired'
  if (certificate.ca) return 'is_a_ca'
  const limit = await limitOf(issuer)
  if (limit !== undefined) return limit
  return readNames(certificate.raw)
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const [BASIC, KEY_USAGE, EXTENDED, ALTERNATIVE] = ['2.5.29.19', '2.5.29.15', '2.5.29.37', '2.5.29.17'] as const
const UNDERSTOOD: ReadonlySet<string> = new Set([BASIC, KEY_USAGE, EXTENDED, ALTERNATIVE])
// SHA-2 with RSA or ECDSA, Ed25519 and Ed448: what can be forged by a collision is not believed.
const SIGNATURES: ReadonlySet<string> = new Set([
  ...['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13'],
  ...['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'],
  ...['1.3.101.112', '1.3.101.113'],
])

/**
 * Why a CA vouches for no client of ours, whoever trusts it. Its limits on names (RFC 5280 §4.2.1.10) are not worked out
 * here; INVARIANT: one that has some is believed nothing, or it would vouch for everybody's names.
 */
const limitOf = (ca: X509Certificate): Promise<string | undefined> => {
  const known = limits.get(ca)
  if (known !== undefined) return known
  const found = readLimit(ca.raw)
  limits.set(ca, found)
  return found
}

const limits = new WeakMap<X509Certificate, Promise<string | undefined>>()
const [NAME_CONSTRAINTS, POLICIES] = ['2.5.29.30', '2.5.29.32'] as const
const ANY_USE = '2.5.29.37.0'

const readLimit = async (der: Uint8Array): Promise<string | undefined> => {
  const [{ AsnConvert }, asn] = await Promise.all([import('@peculiar/asn1-schema'), import('@peculiar/asn1-x509')])
  try {
    const extensions = [...(AsnConvert.parse(der, asn.Certificate).tbsCertificate.extensions ?? [])]
    const isUnknown = extensions.some(
      ({ critical, extnID }) => critical && extnID !== POLICIES && !UNDERSTOOD.has(extnID),
    )
    if (isUnknown || extensions.some(({ extnID }) => extnID === NAME_CONSTRAINTS)) return 'issuer_limited'
    const extended = extensions.find(({ extnID }) => extnID === EXTENDED)?.extnValue.buffer
    const uses = extended === undefined ? [ANY_USE] : [...AsnConvert.parse(extended, asn.ExtendedKeyUsage)]
    return uses.some((use) => use === ANY_USE || use === CLIENT_AUTH) ? undefined : 'issuer_not_for_clients'
  } catch {
    return 'issuer_limited'
  }
}

/** Only of what a CA of ours signed: nobody else makes this server take a certificate apart. */
const readNames = async (der: Uint8Array): Promise<CertificateNames | string> => {
  const [{ AsnConvert }, asn] = await Promise.all([import('@peculiar/asn1-schema'), import('@peculiar/asn1-x509')])
  try {
    const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(der, asn.Certificate)
    if (!SIGNATURES.has(signatureAlgorithm.algorithm)) return 'weak_signature'
    const extensions = [...(tbsCertificate.extensions ?? [])]
    // RFC 5280 §4.2: no extension twice, and none that is critical and not understood.
    if (new Set(extensions.map(({ extnID }) => extnID)).size !== extensions.length) return 'malformed'
    if (extensions.some(({ critical, extnID }) => critical && !UNDERSTOOD.has(extnID))) return 'critical_extension'
    const valueIn = (id: string) => extensions.find(({ extnID }) => extnID === id)?.extnValue.buffer
    const usage = valueIn(KEY_USAGE)
    if (usage !== undefined && !AsnConvert.parse(usage, asn.KeyUsage).toJSON().includes('digitalSignature'))
      return 'not_for_signing'
    const extended = valueIn(EXTENDED)
    if (extended !== undefined && ![...AsnConvert.parse(extended, asn.ExtendedKeyUsage)].includes(CLIENT_AUTH))
      return 'not_for_clients'
    const alternative = valueIn(ALTERNATIVE)
    const names = alternative === undefined ? [] : [...AsnConvert.parse(alternative, asn.SubjectAlternativeName)]
    const attributeOf = ({ type, value }: AttributeTypeAndValue): NameAttribute => ({
      type,
      text: textOf(value),
      // As openssl writes it.
      hex: Buffer.from(AsnConvert.serialize(value)).toString('hex').toUpperCase(),
    })
    const subject = distinguishedName([...tbsCertificate.subject].map((part) => [...part].map(attributeOf)))
    return {
      dn: subject === '' ? [] : [subject],
      dns: written(
        'dns',
        names.map(({ dNSName }) => dNSName),
      ),
      uri: written(
        'uri',
        names.map(({ uniformResourceIdentifier }) => uniformResourceIdentifier),
      ),
      ip: written(
        'ip',
        names.map(({ iPAddress }) => iPAddress),
      ),
      email: written(
        'email',
        names.map(({ rfc822Name }) => rfc822Name),
      ),
    }
  } catch {
    return 'malformed'
  }
}

// A pattern, or what is no name at all, is a second name of its certificate like any other; nothing is registered as it.
const NO_NAME = ''

const written = (type: CertificateName['type'], values: readonly (string | undefined)[]): readonly string[] =>
  values.filter((value) => value !== undefined).map((value) => canonicalName({ type, value }) ?? NO_NAME)

// The forms of today (RFC 5280 §4.1.2.4); what older ones decode to is not the same everywhere.
const textOf = ({ utf8String, printableString, ia5String }: AttributeTypeAndValue['value']): string | undefined =>
  utf8String ?? printableString ?? ia5String
