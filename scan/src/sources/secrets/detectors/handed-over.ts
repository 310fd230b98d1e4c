import type { Confidence } from '../../../report.ts'
import { judgeAssignment } from '../assignment.ts'
import type { Detector, Found } from '../detector.ts'
import { isStrong } from '../strength.ts'

/** Secrets that are known by what takes them: a header, a call, a statement of SQL. */
export const handedOverDetectors: readonly Detector[] = [
  {
    id: 'authorization-header',
    title: 'credential in an Authorization header',
    provider: 'generic',
    kind: 'service',
    type: 'access-token',
    severity: 'high',
    keywords: ['bearer ', 'authorization'],
    mayBegin: mayBeHeader,
    find: findHeader,
    reaches: 'whatever accepts it',
  },
  {
    id: 'sign-in-call',
    title: 'password in a call that signs in',
    provider: 'generic',
    kind: 'account',
    type: 'password',
    severity: 'high',
    keywords: [
      'basicauth(',
      'auth=(',
      'networkcredential(',
      'getconnection(',
      'passwordcredentials(',
      'securestring ',
      'mysqli_connect(',
      'new pdo(',
      'new mysqli(',
    ],
    find: (text, at) => findLast(text, at, CALL),
    reaches: 'whatever the program signs in to, as that user',
  },
  {
    id: 'sql-password',
    title: 'password of a database user in SQL',
    provider: 'database',
    kind: 'account',
    type: 'password',
    severity: 'high',
    keywords: ['identified '],
    find: (text, at) => findLast(text, at, IDENTIFIED),
    reaches: 'the database, as that user',
  },
]

const BEARER = /bearer[ \t]{1,4}([\w.~+/=-]{16,2000})/iy
const HEADER =
  /authorization["'\]]{0,3}[ \t]{0,4}[:=,][ \t]{0,4}["'`]?(?:Token|Api-?Key|Key|Basic|GenieKey|Bot|SSWS|AccessKey)[ \t:]{1,4}(?:token=)?["']?([\w.~+/=-]{12,2000})/iy

// The sign and the scheme stand close by: most such words are prose.
function mayBeHeader(bytes: Uint8Array, at: number): boolean {
  const isBearer = (bytes[at] ?? 0) === 98 || (bytes[at] ?? 0) === 66
  if (isBearer) {
    for (let char = at + 7; char < at + 20; char += 1)
      if (ENDS_TOKEN[bytes[char] ?? 0] === 1 && char > at + 8) return false
    return at + 23 <= bytes.length
  }
  for (let char = at + 13; char < at + 18; char += 1) {
    const code = bytes[char] ?? 0
    if (code === 58 || code === 61 || code === 44) return true
    if (code === 10) return false
  }
  return false
}
const ENDS_TOKEN = new Uint8Array(256)
for (const char of '\t\n\r "\'`<>${}(),;\\[]|*:') ENDS_TOKEN[char.charCodeAt(0)] = 1

function findHeader(text: string, at: number): Found | undefined {
  const pattern = (text.charCodeAt(at) | 32) === 98 ? BEARER : HEADER
  pattern.lastIndex = at
  const match = pattern.exec(text)
  const value = match?.[1] ?? ''
  const end = at + (match?.[0].length ?? 0)
  // A web token has a detector of its own, which knows the samples.
  if (value === '' || value.startsWith('eyJ')) return undefined
  const confidence = confidenceOf(value, /basic/i.test(match?.[0] ?? ''))
  return confidence && { start: end - value.length, end, secret: value, confidence }
}

const confidenceOf = (value: string, isBasic: boolean): Confidence | undefined => {
  if (!isBasic) return isStrong(value) ? 'medium' : undefined
  const login = Buffer.from(value, 'base64').toString('latin1')
  const colon = login.indexOf(':')
  if (colon < 1 || !/^[\x20-\x7e]+$/.test(login)) return undefined
  const verdict = judgeAssignment('password', login.slice(colon + 1), { isProgram: false })
  return verdict.is === 'secret' ? verdict.confidence : undefined
}

const CALL =
  /(?:mysqli_connect\(|new pdo\(|new mysqli\(|basicauth\(|auth=\(|networkcredential\(|getconnection\(|passwordcredentials\(|securestring[ \t]{1,4}(?:-string[ \t]{1,4})?)\s{0,20}(?:(?:[\w.]{1,60}|["'][^"'\n]{0,200}["']),\s{0,20}){0,2}["']([^"'\r\n]{6,400})["']/iy
const IDENTIFIED =
  /identified[ \t]{1,4}(?:with[ \t]{1,4}["'`]?\w{1,40}["'`]?[ \t]{1,4})?(?:by|using)[ \t]{1,4}(?:values?[ \t]{1,4}|password[ \t]{1,4})?["']([^"'\r\n]{6,400})["']/iy

const findLast = (text: string, at: number, pattern: RegExp): Found | undefined => {
  pattern.lastIndex = at
  const match = pattern.exec(text)
  const value = match?.[1] ?? ''
  if (!match || value === '') return undefined
  const verdict = judgeAssignment('password', value, { isProgram: false })
  if (verdict.is !== 'secret') return undefined
  const end = at + match[0].length
  return { start: end - value.length - 1, end, secret: value, confidence: verdict.confidence }
}
