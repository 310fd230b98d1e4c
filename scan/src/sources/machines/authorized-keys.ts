import type { SeenInExport } from '../../exports/seen.ts'
import { sshFingerprint } from '../../exports/ssh-key.ts'
import type { ScannedFile } from '../../file.ts'
import type { Location, Trait } from '../../report.ts'
import { linesOf } from './lines.ts'

/** Whom a machine lets in by key: each line of an `authorized_keys` file, sshd(8). */
export const authorizedKeys = (file: ScannedFile): SeenInExport[] => {
  const user = /(?:^|\/)(?:home\/)?([\w.-]{1,60})\/\.ssh\/[^/]{1,100}$/.exec(file.repositoryPath)?.[1] ?? 'an account'
  return linesOf(file).flatMap(({ text, line }) => {
    const start = text.search(/(?:^|\s)(?:ssh-|ecdsa-|sk-)/)
    if (start === -1 || text.startsWith('#')) return []
    const options = text.slice(0, start).trim()
    const key = text.slice(start).trim()
    const fingerprint = sshFingerprint(key)
    if (fingerprint === undefined) return []
    const comment = key.split(/\s+/).slice(2).join(' ')
    return [
      {
        kind: 'account' as const,
        name: `SSH key ${comment || fingerprint}`,
        key: `ssh-key:${fingerprint}`,
        line,
        evidence: `signs in as ${user}${options === '' ? '' : `, with ${options.replace(/=(?:"[^"]{0,500}"|\S{0,500})/g, '')}`}`,
        reaches: [
          {
            what: `account ${user} of a machine`,
            access: user === 'root' ? ('admin' as const) : ('unknown' as const),
            because: 'authorized key',
          },
        ],
        traits: traitsOf({ name: comment.slice(0, 100) || fingerprint, user, options, key, where: file.at(line) }),
      },
    ]
  })
}

interface LetIn {
  readonly name: string
  readonly user: string
  readonly options: string
  readonly key: string
  readonly where: Location
}

const traitsOf = ({ name, user, options, key, where }: LetIn): Trait[] => {
  const isNarrow = /(?:^|,)(?:from|command)=/.test(options)
  const trait = (is: string, detail: string): Trait => ({ trait: is, detail, where })
  return [
    trait(
      'credential:listed',
      `SSH key ${name}: made unknown, last used unknown, ends ${/(?:^|,)expiry-time=/.test(options) ? 'unknown' : 'never'}`,
    ),
    ...(isNarrow ? [] : [trait('credential:unrestricted', `${name} may run anything, from anywhere`)]),
    ...(user === 'root' ? [trait('account:superuser', `${name} signs in as root`)] : []),
    ...(key.startsWith('ssh-dss ') ? [trait('credential:unrestricted', 'a key of the withdrawn kind ssh-dss')] : []),
  ]
}
