import { judgeAssignment } from '../assignment.ts'
import type { Detector, FindContext, Found } from '../detector.ts'

/** Secrets that only their name gives away: `db_password = …`, `"apiKey": "…"`, `--password=…`. */
export const assignmentDetectors: readonly Detector[] = [
  {
    id: 'assigned-secret',
    title: 'secret written as a literal',
    provider: 'generic',
    kind: 'service',
    type: 'password',
    severity: 'high',
    keywords: [
      'password',
      'passwd',
      'passphrase',
      'pwd',
      'passwort',
      'dbpass',
      '_pass',
      '_pw',
      'secret',
      'token',
      'apikey',
      'api_key',
      'api-key',
      'access_key',
      'accesskey',
      'access-key',
      'auth_key',
      'authkey',
      'private_key',
      'privatekey',
      'account_key',
      'signing_key',
      'signingkey',
      'encryption_key',
      'encryptionkey',
      'master_key',
      'masterkey',
      'credential',
      'creds',
      'bearer',
    ],
    mayBegin: isAssigned,
    find: findAssignment,
    reaches: 'whatever accepts it',
  },
]

// From the keyword: the rest of the name, what closes it, the sign, and the value.
const REST =
  /([\w-]{0,40})["'`]?\]?[ \t]{0,8}(?::=|=>|=|:(?!\/\/)|>|\((?=["']))[ \t]{0,8}(?:["'`]([^"'`\r\n]{4,512})["'`]|([^\s"'`,;<>(){}\\]{4,512}))/y

// What REST wants up to the first characters of the value: most words that sound like a secret are followed by
// another word, a full stop, a number or a bracket.
function isAssigned(bytes: Uint8Array, at: number, { isProgram }: FindContext): boolean {
  let sign = at
  while (sign - at <= 40 && isWordChar(bytes[sign] ?? 0)) sign += 1
  if (QUOTES[bytes[sign] ?? 0] === 1) sign += 1
  if (bytes[sign] === BRACKET) sign += 1
  sign = afterBlanks(bytes, sign)
  if (SIGNS[bytes[sign] ?? 0] !== 1) return false
  // `:=` and `=>` are two signs, or one and the first character of a value.
  return mayBeValue(bytes, sign + 1, isProgram) || (isSign(bytes[sign + 1]) && mayBeValue(bytes, sign + 2, isProgram))
}

const mayBeValue = (bytes: Uint8Array, from: number, isProgram: boolean): boolean => {
  const start = afterBlanks(bytes, from)
  const isQuoted = QUOTES[bytes[start] ?? 0] === 1
  if (!isQuoted && isProgram) return false
  const first = isQuoted ? start + 1 : start
  const end = first + VALUE_CHARS_MIN
  if (end > bytes.length) return false
  const ends = isQuoted ? ENDS_QUOTED : ENDS_BARE
  for (let char = first; char < end; char += 1) if (ends[bytes[char] ?? 0] === 1) return false
  return true
}

// What is shorter is at best a password that everybody tries first, which other sources tell.
const VALUE_CHARS_MIN = 6

const afterBlanks = (bytes: Uint8Array, from: number): number => {
  let at = from
  while (at < from + 8 && (bytes[at] === 32 || bytes[at] === 9)) at += 1
  return at
}

const isSign = (code: number | undefined): boolean => code === 61 || code === 62

const isWordChar = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code === 45

const bytesOf = (chars: string): Uint8Array => {
  const table = new Uint8Array(256)
  for (const char of chars) table[char.charCodeAt(0)] = 1
  return table
}
const SIGNS = bytesOf(':=>(')
const QUOTES = bytesOf('"\'`')
const BRACKET = 93
const ENDS_QUOTED = bytesOf('"\'`\r\n')
const ENDS_BARE = bytesOf('\t\n\v\f\r "\'`,;<>(){}\\')

function findAssignment(text: string, at: number, { isProgram }: FindContext): Found | undefined {
  let start = at
  while (start > 0 && at - start < 40 && isNameChar(text.charCodeAt(start - 1))) start -= 1
  // `arn:aws:secretsmanager:…:secret:name` and the like name a secret; they do not tell it.
  if (start > 0 && NAME_OF_ANOTHER.test(text[start - 1] ?? '')) return undefined
  REST.lastIndex = at
  const match = REST.exec(text)
  if (!match) return undefined
  const [whole, , quoted, bare] = match
  if (quoted === undefined && isProgram) return undefined
  const value = quoted ?? bare ?? ''
  const nameEnd = at + whole.search(/[^\w-]/)
  const label = text.slice(start, nameEnd)
  const verdict = judgeAssignment(label, value, { isProgram })
  if (verdict.is !== 'secret') return undefined
  const end = at + whole.length
  const { confidence, type } = verdict
  return { start: end - value.length - (quoted === undefined ? 0 : 1), end, secret: value, confidence, type, label }
}

// As `[\w.-]`: it is asked for every character before every such word, where a pattern costs most.
const isNameChar = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 45 && code <= 57 && code !== 47) || code === 95
const NAME_OF_ANOTHER = /[:/@]/
