import type { Location, Reach, Trait } from '../report.ts'
import type { SourceTools } from '../source.ts'
import { isGuessable, judgeAssignment, secretTypeOf } from './secrets/assignment.ts'
import { urlWithPassword } from './secrets/detectors/urls.ts'

/** A named value that a program is started with, of a `.env` file or a compose service. */
export interface ProgramSetting {
  readonly name: string
  readonly value: string
  readonly where: Location
}

/** What a setting gives its program: a credential, or a place to reach. */
export const settingTraits = (setting: ProgramSetting, tools: SourceTools, user = ''): Trait[] => {
  const { name, where } = setting
  const value = literalOf(setting.value)
  const verdict = judgeAssignment(name, value, { isProgram: false })
  const type = secretTypeOf(name)
  if (verdict.is === 'guessable' || (type === 'password' && value !== '' && isGuessable(value, user))) {
    return [{ trait: 'guessable-password', detail: name, where }]
  }
  if (verdict.is === 'secret') {
    const credential = tools.seal(value, { type: verdict.type, provider: 'generic' })
    return [{ trait: 'secret-in-settings', detail: name, where, credential, confidence: verdict.confidence }]
  }
  // The user, the password and the rest of a URL are the business of the secret detectors; that it is used is ours.
  const url = urlIn(value)
  if (url && type === undefined && isGuessable(url.password, url.user)) {
    return [{ trait: 'guessable-password', detail: name, where }]
  }
  return []
}

/** The places that a setting points to. */
export const settingReaches = ({ name, value: written }: ProgramSetting): Reach[] => {
  const value = literalOf(written)
  const url = /^([a-z][a-z0-9+.-]{1,20}):\/\/(?:[^\s/@]{0,300}@)?([\w.-]{1,200}(?::\d{1,5})?)(\/[\w./-]{0,100})?/i.exec(
    value,
  )
  if (url) {
    const [, scheme = '', host = '', path = ''] = url
    const isStore = !/^(?:https?|wss?|ftps?)$/i.test(scheme)
    return [{ what: `${scheme.toLowerCase()}://${host}${isStore ? path : ''}`, access: 'unknown', because: name }]
  }
  const role = /^arn:aws[\w-]{0,10}:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]{1,100}$/.exec(value)
  if (role) return [{ what: value, access: 'unknown', because: name }]
  const isHost =
    /(?:^|_)(?:HOST|HOSTNAME|SERVER|BROKER|BROKERS|ENDPOINT|ADDR)$/i.test(name) &&
    /^[\w.-]{2,200}(?::\d{1,5})?$/.test(value)
  return isHost ? [{ what: value, access: 'unknown', because: name }] : []
}

/** Traits of settings that switch authentication off altogether. */
export const openDoorTraits = ({ name, value, where }: ProgramSetting): Trait[] => {
  const open = OPEN_DOORS.get(name.toUpperCase())
  return open?.test(value.trim()) ? [{ trait: 'no-authentication', detail: `${name}=${value.trim()}`, where }] : []
}

const YES = /^(?:1|yes|true|on)$/i
const NO = /^(?:0|no|false|off)$/i

const OPEN_DOORS = new Map<string, RegExp>([
  ['POSTGRES_HOST_AUTH_METHOD', /^trust$/i],
  ['MYSQL_ALLOW_EMPTY_PASSWORD', /^./],
  ['MARIADB_ALLOW_EMPTY_ROOT_PASSWORD', /^./],
  ['MARIADB_ALLOW_EMPTY_PASSWORD', /^./],
  ['ALLOW_EMPTY_PASSWORD', YES],
  ['ALLOW_ANONYMOUS_LOGIN', YES],
  ['ALLOW_PLAINTEXT_LISTENER', YES],
  ['XPACK.SECURITY.ENABLED', NO],
  ['XPACK_SECURITY_ENABLED', NO],
  ['DISABLE_SECURITY_PLUGIN', YES],
  ['PLUGINS.SECURITY.DISABLED', YES],
  ['ME_CONFIG_BASICAUTH', NO],
  ['GF_AUTH_ANONYMOUS_ENABLED', YES],
  ['GF_AUTH_DISABLE_LOGIN_FORM', YES],
  ['AUTH_ENABLED', NO],
  ['NEO4J_AUTH', /^none$/i],
])

// `${NAME:-value}` is `value` whenever nobody sets NAME, which is how many of them run.
const literalOf = (value: string): string => /^\$\{\w{1,100}:?-([^{}$]{0,500})\}$/.exec(value)?.[1] ?? value

const urlIn = (value: string) => {
  const at = value.indexOf('://')
  return at === -1 ? undefined : urlWithPassword(value, at)
}
