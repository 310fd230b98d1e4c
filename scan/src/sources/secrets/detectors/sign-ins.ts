import type { Confidence } from '../../../report.ts'
import { judgeAssignment } from '../assignment.ts'
import type { Detector, Found } from '../detector.ts'
import { isPlaceholder } from '../placeholder.ts'

/** What programs keep to sign in as somebody: `.netrc`, and the registries of a container engine. */
export const signInDetectors: readonly Detector[] = [
  {
    id: 'netrc-password',
    title: 'password in a .netrc',
    provider: 'basic-auth',
    kind: 'account',
    type: 'password',
    severity: 'high',
    keywords: ['machine '],
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
]

const MACHINE =
  /machine[ \t]{1,8}([\w.-]{1,200})[ \t\r\n]{1,8}login[ \t]{1,8}([^\s"']{1,200})[ \t\r\n]{1,8}password[ \t]{1,8}([^\s"'<>]{4,400})/y

function findMachine(text: string, at: number): Found | undefined {
  MACHINE.lastIndex = at
  const [whole, host = '', user = '', password = ''] = MACHINE.exec(text) ?? []
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

// Both forms are said by nothing but a login: only samples are left out.
const confidenceOf = (password: string): Confidence | undefined => {
  if (password.length < 4 || isPlaceholder(password) || /[{}$]/.test(password)) return undefined
  return judgeAssignment('password', password, { isProgram: false }).is === 'secret' ? 'high' : 'low'
}

const isBeforeLetter = (text: string, at: number): boolean => at > 0 && /\w/.test(text[at - 1] ?? '')
