import type { Detector, Found, FoundAccount } from '../detector.ts'
import { isPlaceholder } from '../placeholder.ts'
import { isStrong, namesPlace } from '../strength.ts'

/** Passwords inside URLs: of databases and brokers, and basic authentication of everything else. */
export const urlDetectors: readonly Detector[] = [
  {
    id: 'database-url',
    title: 'database or broker URL with a password',
    provider: 'database',
    kind: 'account',
    type: 'password',
    severity: 'high',
    keywords: ['://'],
    mayBegin: hasUser,
    find: (text, at) => findUrl(text, at, 'store'),
    reaches: 'the database or broker, as that user',
  },
  {
    id: 'basic-auth-url',
    title: 'URL with a user name and a password',
    provider: 'basic-auth',
    kind: 'account',
    type: 'password',
    severity: 'high',
    keywords: ['://'],
    mayBegin: hasUser,
    find: (text, at) => findUrl(text, at, 'web'),
    reaches: 'the service behind the URL, as that user',
  },
  {
    id: 'token-in-url',
    title: 'token in the place of a user name in a URL',
    provider: 'basic-auth',
    kind: 'account',
    type: 'access-token',
    severity: 'high',
    keywords: ['://'],
    mayBegin: hasUser,
    find: findTokenAsUser,
    reaches: 'the service behind the URL',
  },
]

/** The parts of a URL that carries a password. */
export interface UrlWithPassword {
  readonly scheme: string
  readonly user: string
  readonly password: string
  readonly host: string
  readonly rest: string
  readonly start: number
  readonly end: number
}

const STORES = new Map<string, number>([
  ['postgres', 5432],
  ['postgresql', 5432],
  ['mysql', 3306],
  ['mysql2', 3306],
  ['mariadb', 3306],
  ['mongodb', 27017],
  ['mongodb+srv', 27017],
  ['redis', 6379],
  ['rediss', 6379],
  ['amqp', 5672],
  ['amqps', 5671],
  ['mqtt', 1883],
  ['mqtts', 8883],
  ['nats', 4222],
  ['mssql', 1433],
  ['sqlserver', 1433],
  ['clickhouse', 9000],
  ['cassandra', 9042],
  ['couchdb', 5984],
  ['cockroachdb', 26257],
  ['neo4j', 7687],
  ['bolt', 7687],
  ['ldap', 389],
  ['ldaps', 636],
  ['kafka', 9092],
  ['influxdb', 8086],
  ['snowflake', 443],
  ['oracle', 1521],
  ['cloudinary', 443],
])

const WEB = new Set([
  'http',
  'https',
  'ftp',
  'ftps',
  'sftp',
  'ssh',
  'git',
  'smtp',
  'smtps',
  'imap',
  'imaps',
  'ws',
  'wss',
])

function findUrl(text: string, at: number, sort: 'store' | 'web'): Found | undefined {
  const url = urlWithPassword(text, at)
  if (!url) return undefined
  const dialect = url.scheme.split('+')[0] ?? ''
  const isStore = STORES.has(url.scheme) || (STORES.has(dialect) && !WEB.has(dialect))
  if (isStore !== (sort === 'store') || (sort === 'web' && !WEB.has(dialect))) return undefined
  // What stands beside a token that is the user.
  if (url.password === 'x-oauth-basic' || !isRealPassword(url)) return undefined
  const isWeak = url.password.length < 6 || LOOPBACK.has(url.host.split(':')[0] ?? '')
  return {
    start: url.start,
    end: url.end,
    secret: url.password,
    confidence: isWeak ? 'low' : 'high',
    account: accountOf(url, dialect, sort),
  }
}

/** Reads `scheme://user:password@host/…` around its `://`; what is not bounded or not there is no URL. */
export const urlWithPassword = (text: string, at: number): UrlWithPassword | undefined => {
  let start = at
  while (start > 0 && at - start < 24 && SCHEME_CHAR.test(text[start - 1] ?? '')) start -= 1
  AFTER.lastIndex = at
  const match = AFTER.exec(text)
  if (start === at || !match) return undefined
  const [whole, user = '', password = '', host = '', rest = ''] = match
  const scheme = text
    .slice(start, at)
    .toLowerCase()
    .replace(/^[^a-z]{1,20}/, '')
  return { scheme, user, password, host: host.toLowerCase(), rest, start, end: at + whole.length }
}

// Nearly no URL has one; most end at a slash, a quote or a blank a few characters on, before any pattern is tried.
function hasUser(bytes: Uint8Array, at: number): boolean {
  let hasColon = false
  const end = Math.min(bytes.length, at + '://'.length + USER_CHARS_MAX)
  for (let char = at + '://'.length; char < end; char += 1) {
    const code = bytes[char] ?? 0
    if (code === 64 && (hasColon || char >= at + '://'.length + TOKEN_CHARS_MIN)) return true
    if (code === 58) hasColon = true
    if (ENDS_USER[code] === 1) return false
  }
  return false
}

const USER_CHARS_MAX = 320
const TOKEN_CHARS_MIN = 20
const ENDS_USER = new Uint8Array(256)
for (const char of '\t\n\v\f\r /"\'`<>\\|\u00a0') ENDS_USER[char.charCodeAt(0)] = 1

const SCHEME_CHAR = /[A-Za-z0-9+]/
// A password may hold `@` where somebody forgot to escape it: it ends at the last one before the host.
const AFTER =
  /:\/\/([^\s:/@"'`<>\\[\](){}|,;]{0,100}):([^\s/"'`<>\\|]{1,200})@([A-Za-z0-9._-]{1,200}(?::\d{1,5})?(?:,[A-Za-z0-9._-]{1,200}(?::\d{1,5})?){0,8})([/?#][^\s"'`<>\\)]{0,200})?/y

const TOKEN_AS_USER = /:\/\/([\w.-]{20,200})(?::(?:x-oauth-basic|oauth2?|x)?)?@([\w-]{1,60}(?:\.[\w-]{1,60}){0,6})/y
function findTokenAsUser(text: string, at: number): Found | undefined {
  TOKEN_AS_USER.lastIndex = at
  const [whole = '', token = '', host = ''] = TOKEN_AS_USER.exec(text) ?? []
  const isSaid = whole.includes(':x-oauth-basic@') && !isPlaceholder(token) && !namesPlace(token)
  // What a browser sends errors to has a key there that everybody may know.
  if (!(isSaid || isStrong(token)) || /(?:^|\.)(?:sentry|ingest)\.|sentry/.test(host)) return undefined
  return { start: at, end: at + whole.length, secret: token, confidence: 'medium' }
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '0.0.0.0'])

const isRealPassword = ({ user, password, host }: UrlWithPassword): boolean => {
  if (password.length < 4 || isPlaceholder(password) || TEMPLATE_LEFT.test(password)) return false
  if (namesPlace(password)) return false
  if (/^(?:your|example|xxx|arn$)/i.test(user) || TEMPLATE_LEFT.test(user)) return false
  return password !== 'pass' || !LOOPBACK.has(host.split(':')[0] ?? '')
}

// What is left of a template when only part of it fits into a password.
const TEMPLATE_LEFT = /[{}$]|^%|^\*/

const accountOf = (url: UrlWithPassword, dialect: string, sort: 'store' | 'web'): FoundAccount => {
  const port = STORES.get(url.scheme) ?? STORES.get(dialect)
  const place = port && !url.host.includes(':') && !url.host.includes(',') ? `${url.host}:${port}` : url.host
  const database = sort === 'store' ? (/^\/([\w.-]{1,80})/.exec(url.rest)?.[1] ?? '') : ''
  const where = `${dialect}://${place}${database ? `/${database}` : ''}`
  const isPlainText = dialect === 'http' || dialect === 'ftp' || /[?&]sslmode=disable\b/.test(url.rest)
  const host = place.split(':')[0] ?? ''
  const isNowhere = !place.includes('.') || LOOPBACK.has(host) || IN_MANUALS.test(host)
  return {
    name: `${url.user || 'default user'} at ${place}${database ? `/${database}` : ''}`,
    stableKey: `account:${where}#${url.user}`,
    reaches: where,
    traits: [
      ...(isPlainText && !isNowhere ? [{ trait: 'plain-text-transport', detail: where }] : []),
      ...(sort === 'store' && SUPERUSERS.has(url.user.toLowerCase()) ? [{ trait: 'superuser', detail: url.user }] : []),
      ...(PERSON.test(url.user) ? [{ trait: 'personal-account', detail: url.user }] : []),
    ],
  }
}

// RFC 2606 §3: nobody can send anything there.
const IN_MANUALS = /(?:^|\.)example\.(?:com|net|org)$/

const SUPERUSERS = new Set([
  'root',
  'postgres',
  'sa',
  'sys',
  'system',
  'admin',
  'administrator',
  'superuser',
  'doadmin',
])
// `ada.lovelace`, `ada%40company.com`: a person, not a program.
const PERSON = /^[a-z]{2,20}\.[a-z]{2,20}(?:%40[\w.-]{3,60})?$|^[\w.+-]{2,40}%40[\w.-]{3,60}$/i
