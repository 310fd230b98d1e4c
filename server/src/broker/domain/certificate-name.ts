import { hash } from 'node:crypto'
import { isIP, SocketAddress } from 'node:net'

/** Where in a certificate a client is named (RFC 8705 §2.1.2): its subject, or a subject alternative name. */
export const certificateNameTypes = ['dn', 'dns', 'uri', 'ip', 'email'] as const

/** The one name by which the certificates of an identity are known. */
export interface CertificateName {
  readonly type: (typeof certificateNameTypes)[number]
  readonly value: string
}

/** All that a certificate says of who holds it, each name in its one writing. */
export type CertificateNames = Readonly<Record<CertificateName['type'], readonly string[]>>

/** A name in its one writing, or undefined when it is none. */
export const canonicalName = ({ type, value }: CertificateName): string | undefined => WRITINGS[type](value)

/**
 * Whether a certificate with these names is one of this name. A certificate that bears two names of the type says of its
 * holder that it is both, and proves neither.
 */
export const bears = (names: CertificateNames, { type, value }: CertificateName): boolean => {
  const [only, ...others] = names[type]
  return only === value && others.length === 0
}

/** What is unique in the deployment, so that one name is one identity. */
export const nameDigest = ({ type, value }: CertificateName): string =>
  hash('sha256', `certificate name ${type} ${value}`, 'base64url')

const DNS = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?){0,126}$/
const URI = /^[a-z][a-z0-9+.-]{0,30}:[\x21-\x7e]{1,900}$/
const EMAIL = /^([\x21-\x3f\x41-\x7e]{1,64})@([a-z0-9.-]{1,253})$/

// No wildcard gets past these, nor a control character: what looks like a pattern is no name of one holder.
const WRITINGS: Readonly<Record<CertificateName['type'], (value: string) => string | undefined>> = {
  dn: (value) => (isDistinguished(value) ? value : undefined),
  dns: (value) => (DNS.test(value.toLowerCase()) ? value.toLowerCase() : undefined),
  uri: (value) => (URI.test(value) ? value : undefined),
  ip: (value) => {
    const version = isIP(value)
    return version === 0 || value.includes('%')
      ? undefined
      : new SocketAddress({ address: value, family: version === 4 ? 'ipv4' : 'ipv6' }).address
  },
  email: (value) => {
    const at = value.lastIndexOf('@')
    const text = value.slice(0, at + 1) + value.slice(at + 1).toLowerCase()
    return EMAIL.test(text) ? text : undefined
  },
}

const ATTRIBUTE = /^(?:CN|L|ST|O|OU|C|STREET|DC|UID|emailAddress|serialNumber|\d{1,10}(?:\.\d{1,10}){1,20})=/

/** Whether a text could be a subject as `distinguishedName` writes it; whether it is one, only a certificate shows. */
const isDistinguished = (value: string): boolean => {
  if (value === '' || value.length > 1000) return false
  // What is escaped does not part anything.
  return splitUnescaped(value).every((part) => ATTRIBUTE.test(part))
}

const splitUnescaped = (value: string): readonly string[] => {
  const parts: string[] = ['']
  for (let at = 0; at < value.length; at++) {
    const character = value[at] ?? ''
    if (character === '\\') parts.push((parts.pop() ?? '') + character + (value[++at] ?? ''))
    else if (character === ',' || character === '+') parts.push('')
    else parts.push((parts.pop() ?? '') + character)
  }
  return parts
}

/** One attribute of a subject: its text where it has one, and all of its value (DER) in hexadecimal. */
export interface NameAttribute {
  readonly type: string
  readonly text: string | undefined
  readonly hex: string
}

/** A subject as text (RFC 4514 §2), the last part first, as `openssl x509 -nameopt RFC2253,-esc_msb` prints it. */
export const distinguishedName = (parts: readonly (readonly NameAttribute[])[]): string =>
  parts.toReversed().map(partText).join(',')

const partText = (attributes: readonly NameAttribute[]): string =>
  attributes
    .map(({ type, text, hex }) => {
      const name = SHORT_NAMES[type]
      // RFC 4514 §2.4: all of the value, its kind too, or two subjects could be written alike.
      return name === undefined || text === undefined ? `${name ?? type}=#${hex}` : `${name}=${escaped(text)}`
    })
    .join('+')

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
}

// RFC 4514 §2.4. A control character is written by its code, which no text that is registered holds.
const escaped = (value: string): string =>
  value
    .replaceAll(/[",+;<>\\]/g, (character) => `\\${character}`)
    .replace(/^[ #]/, (character) => `\\${character}`)
    .replace(/(?<=.) $/, '\\ ')
    .replaceAll(/[\x00-\x1f\x7f]/g, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
