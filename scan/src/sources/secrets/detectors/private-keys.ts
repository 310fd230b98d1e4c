import { privateKeyWeakness, sshWeakness, WEAK_KEY, type Weakness } from '../../../exports/weak-key.ts'
import type { Detector, Found } from '../detector.ts'

/** Private keys: PEM (also escaped inside JSON or a string), PuTTY, JWK, and Google's service account files. */
export const privateKeyDetectors: readonly Detector[] = [
  {
    id: 'gcp-service-account-key',
    title: 'Google service account key',
    provider: 'gcp',
    kind: 'account',
    type: 'private-key',
    severity: 'critical',
    keywords: ['-----begin '],
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
    keywords: ['private-lines: '],
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
    keywords: ['"d"', '"k"'],
    find: findJwk,
    reaches: 'whatever trusts its public key',
  },
  // Last, for what is said above of a key is said better.
  {
    id: 'private-key',
    title: 'private key',
    provider: 'pem',
    kind: 'service',
    type: 'private-key',
    severity: 'critical',
    keywords: ['-----begin '],
    find: findPem,
    refine: withWeakness,
    reaches: 'whatever trusts its public key or certificate',
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
  const isLocked = body.includes('ENCRYPTED') || header[1]?.includes('ENCRYPTED')
  return {
    start: at,
    end: isWhole ? bodyEnd + footer.length : bodyEnd,
    secret: key,
    confidence: isWhole ? 'high' : 'medium',
    // An encrypted key still needs its passphrase, which is often not far.
    ...(isLocked ? { severity: 'high' as const } : {}),
    // Of its numbers a locked one shows nothing, but of what kind it is.
    ...(isLocked && header[1] === 'DSA PRIVATE KEY' ? weakAs('DSA') : {}),
  }
}

function withWeakness(found: Found): Found {
  return { ...found, ...weakAs(privateKeyWeakness(found.secret)) }
}

const weakAs = (weakness: Weakness): Pick<Found, 'traits'> =>
  weakness === undefined ? {} : { traits: [{ trait: WEAK_KEY, detail: `a private key: ${weakness}` }] }

// The same key has the same fingerprint however its lines were broken or escaped.
const base64Of = (body: string): string =>
  body
    .split(/\n|\\n/)
    // Headers such as `Proc-Type: 4,ENCRYPTED` are no part of the key.
    .filter((line) => !line.includes(': '))
    .join('')
    .replace(/\\[rt]/g, '')
    .replace(/[^A-Za-z0-9+/]/g, '')

// A service account file is small; what is named further away belongs to something else.
const AROUND_CHARS = 3000

function findServiceAccount(text: string, at: number): Found | undefined {
  const key = findPem(text, at)
  if (!key) return undefined
  const around = text.slice(Math.max(0, at - AROUND_CHARS), key.end + AROUND_CHARS)
  if (!/"type"\s{0,8}:\s{0,8}"service_account"/.test(around)) return undefined
  const email = /"client_email"\s{0,8}:\s{0,8}"([\w.+-]{1,100}@[\w.-]{1,150})"/.exec(around)?.[1]
  return email
    ? { ...key, account: { name: email, stableKey: `gcp:${email}`, reaches: `Google Cloud, as ${email}` } }
    : key
}

const PUTTY = /Private-Lines: \d{1,3}\r?\n([A-Za-z0-9+/=\r\n]{60,20000})/y

function findPutty(text: string, at: number): Found | undefined {
  PUTTY.lastIndex = at
  const match = PUTTY.exec(text)
  if (!match?.[1]) return undefined
  const secret = match[1].replace(/\s/g, '')
  return { start: at, end: at + match[0].length, secret, confidence: 'high', ...weakAs(puttyWeakness(text, at)) }
}

// Its public half stands before it, in the form of SSH.
const puttyWeakness = (text: string, at: number): Weakness => {
  const before = text.slice(Math.max(0, at - AROUND_CHARS), at)
  const head = before.lastIndexOf('Public-Lines: ')
  const [, ...lines] = head === -1 ? [] : before.slice(head).split(/\r?\n/)
  const body = lines.join('').trim()
  const type = Buffer.from(body.slice(0, 80), 'base64').toString('latin1', 4, 11)
  return sshWeakness(`${type} ${body}`)
}

// RFC 7518 §6: `d` is the private part of an EC, OKP or RSA key, `k` the whole of a symmetric one.
const JWK_PART = /"[dk]"\s{0,8}:\s{0,8}"([\w-]{22,1400})"/y

function findJwk(text: string, at: number): Found | undefined {
  JWK_PART.lastIndex = at
  const match = JWK_PART.exec(text)
  if (!match?.[1]) return undefined
  const around = text.slice(Math.max(0, at - AROUND_CHARS), at + AROUND_CHARS)
  if (!around.includes('"kty"')) return undefined
  return { start: at, end: at + match[0].length, secret: match[1], confidence: 'high' }
}
