import type { Confidence } from '../../../report.ts'
import { judgeAssignment } from '../assignment.ts'
import type { Detector, Found } from '../detector.ts'
import { isPlaceholder } from '../placeholder.ts'
import { namesPlace } from '../strength.ts'

/** What programs keep to sign in as somebody: `.netrc`, and the registries of a container engine. */
export const signInDetectors: readonly Detector[] = [
  {
    id: 'netrc-password',
    title: 'password in a .netrc',
    provider: 'basic-auth',
    kind: 'account',
    type: 'password',
    severity: 'high',
    keywords: ['machine ', 'default login '],
    find: findMachine,
    reaches: 'the service of that name, as that user',
  },
  {
    id: 'registry-login',
    title: 'login of a container registry',
    provider: 'registry',
    kind: 'account',
    type: 'password',
    severity: 'high',
    keywords: ['"auth"'],
    find: findRegistry,
    reaches: 'the registry, as that user',
  },
  {
    id: 'pgpass-password',
    title: 'password in a .pgpass',
    provider: 'database',
    kind: 'account',
    type: 'password',
    severity: 'high',
    keywords: [':5432:', ':5433:', ':6432:', ':*:'],
    find: findPgpass,
    reaches: 'the database, as that user',
  },
]

const MACHINE =
  /(?:machine[ \t]{1,8}([\w.-]{1,200})|default)[ \t\r\n]{1,8}login[ \t]{1,8}([^\s"']{1,200})[ \t\r\n]{1,8}password[ \t]{1,8}([^\s"'<>]{4,400})/y
const PASSWORD_FIRST =
  /machine[ \t]{1,8}([\w.-]{1,200})[ \t\r\n]{1,8}password[ \t]{1,8}([^\s"'<>]{4,400})[ \t\r\n]{1,8}login[ \t]{1,8}([^\s"']{1,200})/y

function findMachine(text: string, at: number): Found | undefined {
  MACHINE.lastIndex = at
  PASSWORD_FIRST.lastIndex = at
  const match = MACHINE.exec(text)
  const other = match ? null : PASSWORD_FIRST.exec(text)
  const [whole, host = '', user = '', password = ''] = match ?? [other?.[0], other?.[1], other?.[3], other?.[2]]
  if (whole === undefined || isBeforeLetter(text, at)) return undefined
  const confidence = confidenceOf(password)
  // Words that happen to stand like this are no login: either is a host, or a password.
  if (confidence === undefined || (confidence === 'low' && !host.includes('.'))) return undefined
  const account = {
    name: `${user} at ${host}`,
    stableKey: `account:https://${host.toLowerCase()}#${user}`,
    reaches: `https://${host.toLowerCase()}`,
  }
  return { start: at, end: at + whole.length, secret: password, confidence, account }
}

const AUTH = /"auth"[ \t]{0,4}:[ \t]{0,4}"([A-Za-z0-9+/]{8,6000}={0,2})"/y

// Base64 of `user:password`, which hides nothing.
function findRegistry(text: string, at: number): Found | undefined {
  AUTH.lastIndex = at
  const [whole, encoded = ''] = AUTH.exec(text) ?? []
  if (whole === undefined) return undefined
  const login = Buffer.from(encoded, 'base64').toString('latin1')
  const colon = login.indexOf(':')
  if (colon < 1 || !/^[\x20-\x7e]+$/.test(login)) return undefined
  const confidence = confidenceOf(login.slice(colon + 1))
  return confidence && { start: at, end: at + whole.length, secret: encoded, confidence }
}

const PGPASS =
  /([\w.*-]{1,200}):(?:\d{2,5}|\*):([\w.*-]{1,100}):([\w.*@-]{1,100}):([^\s:]{6,400})[ \t]{0,4}(?:\r?\n|$)/y

const LINE_CHARS_MAX = 220
const NEWLINE = 10

// A line of its own: `host:port:database:user:password`.
function findPgpass(text: string, at: number): Found | undefined {
  let start = at
  while (start > 0 && at - start < LINE_CHARS_MAX && text.charCodeAt(start - 1) !== NEWLINE) start -= 1
  if (at - start === LINE_CHARS_MAX) return undefined
  PGPASS.lastIndex = start
  const [whole, host = '', database = '', user = '', password = ''] = PGPASS.exec(text) ?? []
  const confidence = confidenceOf(password)
  if (whole === undefined || confidence === undefined) return undefined
  const reaches = `postgres://${host.toLowerCase()}${database === '*' ? '' : `/${database}`}`
  const end = start + whole.trimEnd().length
  const account = { name: `${user} at ${host}`, stableKey: `account:${reaches}#${user}`, reaches }
  return { start, end, secret: password, confidence, account }
}

// These forms are said by nothing but a login: only samples are left out.
const confidenceOf = (password: string): Confidence | undefined => {
  if (password.length < 4 || isPlaceholder(password) || namesPlace(password) || /[{}$]/.test(password)) return undefined
  return judgeAssignment('password', password, { isProgram: false }).is === 'secret' ? 'high' : 'low'
}

const isBeforeLetter = (text: string, at: number): boolean => at > 0 && /\w/.test(text[at - 1] ?? '')
