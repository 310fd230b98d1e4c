import type { Detector, Found } from '../detector.ts'

/** Private keys: PEM (also escaped inside JSON or a string), PuTTY, JWK, and Google's service account files. */
export const privateKeyDetectors: readonly Detector[] = [
  {
    id: 'private-key',
    title: 'private key',
    provider: 'pem',
    kind: 'service',
    type: 'private-key',
    severity: 'critical',
    keywords: ['-----begin '],
    find: findPem,
    reaches: 'whatever trusts its public key or certificate',
  },
  {
    id: 'gcp-service-account-key',
    title: 'Google service account key',
    provider: 'gcp',
    kind: 'account',
    type: 'private-key',
    severity: 'critical',
    keywords: ['service_account"'],
    find: findServiceAccount,
    reaches: 'what the service account was granted',
  },
  {
    id: 'putty-key',
    title: 'PuTTY private key',
    provider: 'putty',
    kind: 'account',
    type: 'private-key',
    severity: 'critical',
    keywords: ['putty-user-key-file-'],
    find: findPutty,
    reaches: 'the hosts that know its public key',
  },
  {
    id: 'jwk-private-key',
    title: 'private key in JWK form',
    provider: 'jwk',
    kind: 'service',
    type: 'private-key',
    severity: 'critical',
    keywords: ['"kty"'],
    find: findJwk,
    reaches: 'whatever trusts its public key',
  },
]

const HEADER = /-----BEGIN ((?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?)-----/y
// One character of base64 body or armour: letters, line ends, and the escapes that JSON and shells write them as.
const BODY = /[A-Za-z0-9+/=\s\\:,."'()-]/
const BODY_CHARS_MAX = 20_000
// The shortest real key, Ed25519 in PKCS#8, is 64 characters of base64.
const KEY_CHARS_MIN = 60

function findPem(text: string, at: number): Found | undefined {
  HEADER.lastIndex = at
  const header = HEADER.exec(text)
  if (!header) return undefined
  const bodyStart = at + header[0].length
  const limit = Math.min(text.length, bodyStart + BODY_CHARS_MAX)
  let bodyEnd = bodyStart
  while (bodyEnd < limit && !text.startsWith('-----', bodyEnd) && BODY.test(text[bodyEnd] ?? '')) bodyEnd += 1
  const body = text.slice(bodyStart, bodyEnd)
  const key = base64Of(body)
  if (key.length < KEY_CHARS_MIN || new Set(key).size < 16) return undefined
  const footer = `-----END ${header[1]}-----`
  const isWhole = text.startsWith(footer, bodyEnd)
  return {
    start: at,
    end: isWhole ? bodyEnd + footer.length : bodyEnd,
    secret: key,
    confidence: isWhole ? 'high' : 'medium',
    // An encrypted key still needs its passphrase, which is often not far.
    ...(body.includes('ENCRYPTED') || header[1]?.includes('ENCRYPTED') ? { severity: 'high' as const } : {}),
  }
}

// The same key has the same fingerprint however its lines were broken or escaped.
const base64Of = (body: string): string =>
  body
    .replace(/[A-Za-z][A-Za-z0-9-]{2,30}: [^\n\\]{0,200}/g, '')
    .replace(/\\[nrt]/g, '')
    .replace(/[^A-Za-z0-9+/]/g, '')

const AROUND_CHARS = 6000

function findServiceAccount(text: string, at: number): Found | undefined {
  const start = Math.max(0, text.lastIndexOf('{', at))
  if (at - start > AROUND_CHARS) return undefined
  const around = text.slice(start, at + AROUND_CHARS)
  const pem = around.search(/-----BEGIN (?:RSA )?PRIVATE KEY-----/)
  if (pem === -1) return undefined
  const key = findPem(text, start + pem)
  if (!key) return undefined
  const email = /"client_email"\s{0,8}:\s{0,8}"([\w.+-]{1,100}@[\w.-]{1,150})"/.exec(around)?.[1]
  if (!email) return { ...key }
  return {
    ...key,
    account: { name: email, stableKey: `gcp:${email}`, reaches: `Google Cloud, as ${email}` },
  }
}

function findPutty(text: string, at: number): Found | undefined {
  const around = text.slice(at, at + 10_000)
  const header = /Private-Lines: \d{1,3}\r?\n/.exec(around)
  if (!header) return undefined
  const bodyStart = header.index + header[0].length
  const macAt = around.indexOf('Private-MAC:', bodyStart)
  const secret = around.slice(bodyStart, macAt === -1 ? undefined : macAt).replace(/\s/g, '')
  if (secret.length < KEY_CHARS_MIN) return undefined
  return { start: at, end: at + bodyStart + secret.length, secret, confidence: 'high' }
}

function findJwk(text: string, at: number): Found | undefined {
  const opened = text.lastIndexOf('{', at)
  if (opened === -1 || at - opened > 4000) return undefined
  const closed = text.indexOf('}', at)
  const body = text.slice(opened, closed === -1 || closed - opened > 8000 ? opened + 8000 : closed)
  const secret = /"[dk]"\s{0,8}:\s{0,8}"([\w-]{22,1400})"/.exec(body)
  if (!secret?.[1]) return undefined
  const start = opened + secret.index
  return { start, end: start + secret[0].length, secret: secret[1], confidence: 'high' }
}
