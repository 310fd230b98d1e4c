import type { Confidence, CredentialType } from '../../report.ts'
import { entropyOf, isPlaceholder } from './placeholder.ts'
import { isPublishedExample } from './published-examples.ts'
import { isStrong, namesPlace } from './strength.ts'

/** What a name and the value it is given say together. */
export type Verdict =
  | { readonly is: 'secret'; readonly confidence: Confidence; readonly type: CredentialType }
  /** A password, but one that everybody tries first. */
  | { readonly is: 'guessable'; readonly type: CredentialType }
  | { readonly is: 'nothing' }

/** Judges `DB_PASSWORD=…` and the like: the name must ask for a secret, and the value must be able to be one. */
export const judgeAssignment = (name: string, value: string, around: { isProgram: boolean }): Verdict => {
  const type = sortOf(name)
  if (type === undefined || value.length > 512) return NOTHING
  if (type === 'some key') return isStrong(value) ? SOME_KEY : NOTHING
  if (isReference(value, around) || isProse(value) || isPublishedExample(value)) return NOTHING
  if (type === 'password' && GUESSABLE.has(value.toLowerCase())) return { is: 'guessable', type }
  if (value.length < 6 || isPlaceholder(value) || repeatsName(name, value)) return NOTHING
  if (around.isProgram && SAMPLE_IN_PROGRAM.test(value)) return NOTHING
  const confidence = type === 'password' ? judgePassword(value) : judgeKey(value)
  return confidence ? { is: 'secret', confidence, type } : NOTHING
}

/** Whether this name is given to secrets at all, and of which kind. */
export const secretTypeOf = (name: string): CredentialType | undefined => {
  const sort = sortOf(name)
  return sort === 'some key' ? undefined : sort
}

/** Whether anything that this name is given could be judged a secret. */
export const mayNameSecret = (name: string): boolean => sortOf(name) !== undefined

/** A key of something is one if its value can be nothing else: `STRIPE_KEY`, but no key of a cache or a table. */
type Sort = CredentialType | 'some key' | undefined

const sortOf = (name: string): Sort => {
  const known = sorts.get(name)
  if (known !== undefined || sorts.has(name)) return known
  if (sorts.size >= NAMES_MAX) sorts.clear()
  const sort = sortOfWords(wordsOf(name).join('_'))
  // A name cut out of a file would keep all of the file here.
  sorts.set(Buffer.from(name).toString(), sort)
  return sort
}

// A file says the same few names over and over, some on purpose to keep us busy.
const sorts = new Map<string, Sort>()
const NAMES_MAX = 4096

const sortOfWords = (joined: string): Sort => {
  if (NOT_SECRET.test(joined) || OWN_FORM.test(joined)) return undefined
  const type = TYPES.find(([form]) => form.test(joined))?.[1]
  return type ?? (SOME_KEY_NAME.test(joined) && !OTHER_KEY.test(joined) ? 'some key' : undefined)
}

const SOME_KEY_NAME = /[a-z0-9]_key(?:_(?:prod|production|staging|dev|test|live))?$/

// What tests and manuals write where any value would do.
const SAMPLE_IN_PROGRAM = /^(?:top[ -])?(?:secret|password|pass|test|foo|bar|hunter|token)[-_]?\d{0,4}$/i

const NOTHING: Verdict = { is: 'nothing' }
const SOME_KEY: Verdict = { is: 'secret', confidence: 'medium', type: 'api-key' }

// Keys that open nothing, or that everybody may know.
const OTHER_KEY =
  /(?:^|_)(?:manager|object|s3|row|group|item|data|map|query|event|issue|project|trace|react|lookup|unique|composite|range|index|dedup|translate|message|msg|trans|lang|locale|tag|label|section|site|publishable|anon|measurement|write|block|rpc|route|routing|redis|bucket|blob|lock|state|store|local|feature|flag|config|setting|metric|column|field|entity|document|doc|record|node|tree|search|filter|option|menu|column|answer|verify|verification|verifying|vk|peer|host|server|ca|gpg|pgp|hot|short|shortcut|arrow|enter|press|down|up|code)_key/

const TYPES: readonly (readonly [RegExp, CredentialType])[] = [
  [
    /(?:^|_)(?:password|passwd|passphrase|pwd|passwort|pgpassword|pass|pw)\d{0,2}(?:_(?:prod|production|staging|dev|test|live|old|new|hash_salt))?$/,
    'password',
  ],
  [
    /(?:^|_)(?:dbpassword|dbpass|storepass|keypass|trustpass|userpassword|rootpassword|adminpassword|mysqlpassword|dbpasswd)$/,
    'password',
  ],
  [/(?:client|app|application|consumer|oauth)_?(?:secret)(?:_(?:key|value))?$/, 'client-secret'],
  [
    /(?:webhook|signing|hmac|jwt|session|cookie|encryption|signature|hash)_?(?:secret|key|salt)(?:_base|_key)?$/,
    'signing-secret',
  ],
  [
    /(?:^|_)(?:api|access|auth|secret|private|account|service|master|admin|deploy|license|encryption|app|ssh|storage|subscription)_?key(?:_(?:secret|value|base))?$/,
    'api-key',
  ],
  [/(?:^|_)(?:apikey|authkey|accesskey|secretkey)$/, 'api-key'],
  [
    /(?:^|_)(?:token|access_?token|auth_?token|bearer|pat)(?:_(?:secret|value|prod|production|staging|dev|test))?$/,
    'access-token',
  ],
  [/(?:^|_)(?:secret|secrets|credentials|creds)(?:_(?:value|prod|production|staging|dev|test|base))?$/, 'api-key'],
  [/(?:^|_)secret_key_base$/, 'signing-secret'],
]

// Names that only sound like it: places, kinds, lengths and labels of secrets.
const NOT_SECRET =
  /(?:^|_)(?:public|pub|csrf|xsrf|max|min|num|count|length|total|prompt|completion|next|page|cursor|continuation|sync|type|is|has|no|allow|require|required|validate|reset|forgot|change|show|hide|confirm|placeholder|label|field|message|error|regex|pattern|policy|header|param|expiry|expires|ttl|url|uri|endpoint|path|file|dir|name|id|arn|ref|hash|hashed|encrypted|sealed|algorithm|issuer|audience|primary|foreign|sort|partition|cache|idempotency|client_token|lock_token|page_token|host|known|translation|i18n|tokenizer|sha|checksum|fingerprint|digest|integrity)(?:_|$)/

// A secret of AWS has its own form, which its own detector knows; what has another form is not one (encrypted, say).
const OWN_FORM = /(?:^|_)(?:aws_)?secret_?access_?key$|(?:^|_)aws_secret(?:_key)?$/

const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')

const GUESSABLE = new Set(
  (
    'password passwd pass secret admin root changeme changeit postgres mysql mariadb mongo mongodb redis rabbitmq ' +
    'guest test demo example default letmein qwerty welcome toor user username db database sa minio minioadmin ' +
    'elastic kibana grafana 1234 12345 123456 1234567 12345678 123456789 password1 password123 passw0rd p@ssw0rd ' +
    'admin123 root123 test123 rootpassword rootpass mypassword somewordpress wordpress nextcloud gitea docker app ' +
    'dev local development'
  ).split(' '),
)

/** Whether a password is one that everybody tries first, or the same as the user's name. */
export const isGuessable = (password: string, user = ''): boolean =>
  GUESSABLE.has(password.toLowerCase()) || (user !== '' && password.toLowerCase() === user.toLowerCase())

// An expression that fetches a secret, a path to one, a URL without one.
const isReference = (value: string, { isProgram }: { isProgram: boolean }): boolean =>
  namesPlace(value) ||
  /^[A-Za-z_][\w.]{0,80}[([]/.test(value) ||
  (/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/.test(value) && (isProgram || !/\d/.test(value))) ||
  /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(value) ||
  /^[A-Z]+\[/.test(value) ||
  /^[a-z]+(?:[_-][a-z]+)*[.:]?$/.test(value) ||
  OPTION.test(value) ||
  /^[a-z]+(?:[A-Z][a-z]+)+$/.test(value) ||
  /^(?:[A-Z][a-z]+)+$/.test(value)

// `PASS: --localize-hidden` of a test's report, `pass -mbranches=all to`: an option of a command, made of words.
const OPTION =
  /^-{1,2}[a-z]+(?:-[a-z]+)*(?:=[a-z]+)?$|^--[a-z][a-z0-9]{0,20}(?:-[a-z0-9]{1,20}){0,6}(?:=[\w.,:/-]{0,80})?$/

// Sentences, markup and code have blanks or brackets in several places; passwords hardly ever do.
const isProse = (value: string): boolean =>
  value.split(/\s/).length > 2 || /^[A-Za-z-]{1,200}\s[A-Za-z-]{1,200}$/.test(value) || /[<>]|=>|\(\)|;\s/.test(value)

const repeatsName = (name: string, value: string): boolean => {
  if (value.length > name.length + 8) return false
  const letters = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  return letters(value) === letters(name) || letters(name).endsWith(letters(value))
}

const classesOf = (value: string): number =>
  [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((form) => form.test(value)).length

const judgePassword = (value: string): Confidence | undefined => {
  if (classesOf(value) < 2) return entropyOf(value) >= 3.5 && value.length >= 16 ? 'medium' : undefined
  return value.length >= 10 && entropyOf(value) >= 3 ? 'medium' : 'low'
}

// `app:settings:v2:theme`, `release-2024-11-beta`: what is put together of words and numbers.
const isOfWords = (value: string): boolean =>
  value.split(/[-_.:/]/).every((part) => /^(?:[a-z]*|[A-Z]+|[A-Z][a-z]+|v?\d{1,4})$/.test(part))

// What nobody would think of who can choose a shorter one.
const isShortKey = (value: string): boolean =>
  /^[A-Za-z0-9_-]{12,15}$/.test(value) &&
  classesOf(value) >= 3 &&
  (value.match(/\d[A-Za-z]|[A-Za-z]\d/g)?.length ?? 0) >= 4 &&
  entropyOf(value) >= 3.2

const judgeKey = (value: string): Confidence | undefined => {
  if (value.length < 16) return value.length >= 12 && isShortKey(value) ? 'low' : undefined
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value)) return undefined
  if (/\s/.test(value) || isOfWords(value)) return undefined
  const entropy = entropyOf(value)
  if (entropy >= 3.6 || (/^[A-Fa-f0-9-]+$/.test(value) && value.length >= 24 && entropy >= 3)) return 'medium'
  return entropy >= 3 ? 'low' : undefined
}
