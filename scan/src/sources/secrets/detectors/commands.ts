import { judgeAssignment } from '../assignment.ts'
import type { Detector, FindContext, Found } from '../detector.ts'
import { isStrong, looksLikeVariable } from '../strength.ts'

/** Passwords that are handed to programs on their command line, where an option of one letter or a place is all that says so. */
export const commandDetectors: readonly Detector[] = [
  {
    id: 'command-password',
    title: 'password on a command line',
    provider: 'generic',
    kind: 'account',
    type: 'password',
    severity: 'high',
    keywords: [
      'mysql',
      'mariadb',
      'sshpass',
      'redis-cli ',
      'mongo',
      'docker login',
      'podman login',
      'registry login',
      'az login',
      'ldap',
      'sqlcmd ',
      'mosquitto_',
      'smbclient ',
      'zip -',
      'cqlsh ',
      'vault login',
      'echo ',
      'net use',
      'sqlplus ',
      'rabbitmqctl ',
      'htpasswd ',
      'requirepass ',
      'masterauth ',
    ],
    mayBegin: mayBeCommand,
    find: findPassword,
    reaches: 'whatever the program signs in to',
  },
  {
    id: 'command-user',
    title: 'user name and password on a command line',
    provider: 'basic-auth',
    kind: 'account',
    type: 'password',
    severity: 'high',
    keywords: [
      ' -u',
      ' --user',
      ' -su',
      ' -ssu',
      ' -sku',
      ' -ku',
      ' -fsu',
      ' -fssu',
      ' -lu',
      ' -iu',
      ' -vu',
      ' -sslu',
      ' -fsslu',
    ],
    mayBegin: mayBeUser,
    find: findUser,
    reaches: 'whatever the program signs in to, as that user',
  },
]

/** A program, from the first letter of its name on; the group is what it is handed. */
interface Command {
  readonly begins: string
  readonly pattern: RegExp
  /** Words that stand there as well: the value must say itself that it is a secret. */
  readonly isWeak?: boolean
}

const P = /[^\n|;&]{0,200}?[ \t]-p[ \t]{0,4}["']?([^\s"'`\\-][^\s"'`\\]{5,200})/y
const COMMANDS: readonly Command[] = [
  { begins: 'mysql', pattern: /\w{0,16}[ \t](?:[^\n|;&]{0,200}?[ \t])?-p["']?([^\s"'`\\-][^\s"'`\\]{5,200})/y },
  { begins: 'mariadb', pattern: /[\w-]{0,16}[ \t](?:[^\n|;&]{0,200}?[ \t])?-p["']?([^\s"'`\\-][^\s"'`\\]{5,200})/y },
  { begins: 'sshpass', pattern: /[ \t]{1,4}-p[ \t]{0,4}["']?([^\s"'`\\-][^\s"'`\\]{5,200})/y },
  {
    begins: 'redis-cli ',
    pattern: /(?:[^\n|;&]{0,200}?[ \t])?(?:-a|--pass)[ \t]{1,4}["']?([^\s"'`\\-][^\s"'`\\]{5,200})/y,
  },
  { begins: 'mongo', pattern: P },
  { begins: 'docker login', pattern: P },
  { begins: 'podman login', pattern: P },
  { begins: 'registry login', pattern: P },
  { begins: 'az login', pattern: P },
  { begins: 'cqlsh ', pattern: /(?:[^\n|;&]{0,200}?[ \t])?-p[ \t]{1,4}["']?([^\s"'`\\-][^\s"'`\\]{5,200})/y },
  { begins: 'ldap', pattern: /\w{1,10}[ \t][^\n|;&]{0,200}?-w[ \t]{0,4}["']?([^\s"'`\\-][^\s"'`\\]{5,200})/y },
  { begins: 'sqlcmd ', pattern: /(?:[^\n|;&]{0,200}?[ \t])?-P[ \t]{0,4}["']?([^\s"'`\\-][^\s"'`\\]{5,200})/y },
  { begins: 'mosquitto_', pattern: /[ps]ub[ \t][^\n|;&]{0,200}?-P[ \t]{1,4}["']?([^\s"'`\\-][^\s"'`\\]{5,200})/y },
  { begins: 'smbclient ', pattern: /[^\n|;&]{0,200}?(?:-U|--user=)[ \t]{0,4}["']?[^\s%"']{1,60}%([^\s"'`\\]{6,200})/y },
  { begins: 'zip -', pattern: /P[ \t]{0,4}["']?([^\s"'`\\-][^\s"'`\\]{5,200})/y },
  {
    begins: 'vault login',
    pattern: /[ \t]{1,4}(?:-[\w=-]{1,40}[ \t]{1,4})?([^\s"'=-][^\s"'=]{15,200})/y,
    isWeak: true,
  },
  {
    begins: 'echo ',
    pattern:
      /[ \t]{0,4}(?:-n[ \t]{1,4})?["']?(?:[\w.-]{1,60}:)?([^\s"':|]{6,200})["']?[ \t]{0,4}\|[ \t]{0,4}(?:sudo[ \t]{1,4}-S|(?:sudo[ \t]{1,4})?(?:chpasswd|passwd)|[^\n|]{1,160}-stdin)/y,
  },
  { begins: 'sqlplus ', pattern: /(?:[^\n|;&]{0,60}?[ \t])?[\w.]{1,60}\/["']?([^\s"'`\\/@]{6,200})["']?@/y },
  {
    begins: 'rabbitmqctl ',
    pattern:
      /(?:[^\n|;&]{0,60}?[ \t])?(?:add_user|change_password|authenticate_user)[ \t]{1,4}[^\s]{1,60}[ \t]{1,4}["']?([^\s"'`\\]{6,200})/y,
  },
  {
    begins: 'htpasswd ',
    pattern: /-\w{0,4}b\w{0,4}[ \t]{1,4}[^\s]{1,200}[ \t]{1,4}[^\s]{1,60}[ \t]{1,4}["']?([^\s"'`\\]{6,200})/y,
  },
  {
    begins: 'net use',
    pattern: /[ \t][^\n"]{0,60}?\\\\[^\s"]{1,100}[ \t]{1,4}([^\s/"'*][^\s"]{5,100})[ \t]{1,4}\/user:/iy,
  },
  { begins: 'requirepass ', pattern: /[ \t]{0,8}["']?([^\s"'`\\]{6,400})/y },
  { begins: 'masterauth ', pattern: /[ \t]{0,8}["']?([^\s"'`\\]{6,400})/y },
]
const BY_LETTER = Map.groupBy(COMMANDS, ({ begins }) => begins.charCodeAt(0))

const LINE_CHARS_MAX = 240

// A word that is a command is followed by an option, or has a pipe behind it.
function mayBeCommand(bytes: Uint8Array, at: number): boolean {
  if (isWord(bytes[at - 1] ?? 0) && (bytes[at] ?? 0) !== 122) return false
  const end = Math.min(bytes.length, at + LINE_CHARS_MAX)
  for (let char = at + 4; char < end; char += 1) {
    const code = bytes[char] ?? 0
    if (code === 10) return false
    if ((code === 45 && (bytes[char - 1] ?? 0) <= 32) || code === 124 || code === 92 || code === 47) return true
    if (char === at + 12 && (bytes[at] === 114 || bytes[at] === 109) && isWord(code)) return true
    if (code > 32 && bytes[at] === 118 && char === at + 12) return true
  }
  return false
}

function findPassword(text: string, at: number): Found | undefined {
  for (const { begins, pattern, isWeak = false } of BY_LETTER.get(text.charCodeAt(at)) ?? []) {
    if (!text.startsWith(begins, at)) continue
    pattern.lastIndex = at + begins.length
    const match = pattern.exec(text)
    const value = match?.[1] ?? ''
    if (!match || (isWeak && !isStrong(value)) || LONGER_OPTION.test(value)) continue
    const verdict = judgeAssignment('password', value, { isProgram: false })
    const start = at + begins.length + match[0].lastIndexOf(value)
    if (verdict.is !== 'secret' || NAMES_VAULT.test(text.slice(at, start))) continue
    return { start, end: start + value.length, secret: value, confidence: verdict.confidence }
  }
  return undefined
}

const NAMES_VAULT = /[\s"'](?:vault|secret|ssm|arn|op|sm|env):$/

// `-port=…` and the like, of which the `p` was taken for the option; or two ports.
const LONGER_OPTION = /^(?:ort|ath|rotocol|ager|assword|lugin|ipe)\b|^\d{1,5}:\d{1,5}|^\d{1,3}(?:\.\d{1,3}){3}/

const isWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95

const USER = / (?:-[sSkfLiv]{0,5}u|--user)(?:[ \t=]{1,4})?["']?([^\s:"'$%/\\]{1,100}):([^\s"'`\\]{6,400})/y

function mayBeUser(bytes: Uint8Array, at: number): boolean {
  let hasColon = false
  const end = Math.min(bytes.length, at + 120)
  for (let char = at + 3; char < end; char += 1) {
    const code = bytes[char] ?? 0
    if (code === 58) hasColon = true
    if (code === 10 || code === 47 || code === 36) return false
    if (code <= 32 && char > at + 10) return false
    if (hasColon && code !== 58) return true
  }
  return false
}

function findUser(text: string, at: number, { isProgram }: FindContext): Found | undefined {
  USER.lastIndex = at
  const match = USER.exec(text)
  if (!match) return undefined
  const password = match[2] ?? ''
  // Of containers and files the same option names a user and a group.
  const before = text.slice(Math.max(0, at - 200), at)
  const isOfWeb = /\b(?:curl|https?|wget|xh)\b/.test(before.slice(before.lastIndexOf('\n') + 1))
  if (/^\d+$/.test(password) || (!isOfWeb && !isStrong(password)) || (isProgram && looksLikeVariable(password)))
    return undefined
  const verdict = judgeAssignment('password', password, { isProgram: false })
  if (verdict.is !== 'secret') return undefined
  const end = at + match[0].length
  return { start: end - password.length, end, secret: password, confidence: verdict.confidence }
}
