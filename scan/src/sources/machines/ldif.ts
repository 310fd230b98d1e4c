import { credentialTrait } from '../../exports/credential-fact.ts'
import type { SeenInExport } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Trait } from '../../report.ts'
import type { SourceTools } from '../../source.ts'
import { settingTraits } from '../settings.ts'

/** The machines' accounts of a directory: entries of LDIF (RFC 2849) that are no people. */
export const ldifEntries = (file: ScannedFile, tools: SourceTools): SeenInExport[] =>
  entriesOf(file).flatMap(({ values, line }) => {
    const one = (name: string): string => values.get(name)?.[0] ?? ''
    const classes = (values.get('objectclass') ?? []).map((name) => name.toLowerCase())
    const services = values.get('serviceprincipalname') ?? []
    const isManaged = classes.some((name) => name.startsWith('msds-') && name.endsWith('managedserviceaccount'))
    const isAccount =
      isManaged ||
      classes.includes('applicationprocess') ||
      (classes.includes('simplesecurityobject') && !classes.includes('person')) ||
      (classes.includes('account') && !classes.includes('person')) ||
      (classes.includes('person') &&
        !classes.includes('computer') &&
        (services.length > 0 || SERVICE_NAME.test(one('samaccountname') || one('uid') || one('cn'))))
    if (!isAccount || one('dn') === '') return []
    const name = one('samaccountname') || one('uid') || one('cn') || one('dn')
    const where = file.at(line)
    const flags = Number(one('useraccountcontrol') || '0')
    const isOff = (flags & DISABLED) !== 0
    const trait = (is: string, detail: string): Trait => ({ trait: is, detail, where })
    const groups = values.get('memberof') ?? []
    const admin = groups.find((group) =>
      /^cn=(?:domain admins|enterprise admins|administrators|schema admins|account operators|backup operators),/i.test(
        group,
      ),
    )
    const madeOn =
      adDay(one('pwdlastset')) ||
      ldapDay(one('pwdchangedtime')) ||
      ldapDay(one('whencreated')) ||
      ldapDay(one('createtimestamp'))
    const usedOn = adDay(one('lastlogontimestamp')) || adDay(one('lastlogon'))
    const ends = adDay(one('accountexpires'))
    const isAnyDelegation = (flags & TRUSTED_FOR_DELEGATION) !== 0
    return [
      {
        kind: 'account' as const,
        name: `directory account ${name}`,
        key: `ldap:${(one('objectguid') || one('entryuuid') || one('objectsid') || one('dn')).toLowerCase()}`,
        line,
        evidence: `${isManaged ? 'managed service account' : 'account of a program'} ${one('dn')}${isOff ? ', disabled' : ''}`,
        owner: { value: one('managedby') || one('owner'), because: 'the directory says so' },
        reaches: [
          ...services
            .slice(0, 20)
            .map((service) => ({ what: service, access: 'unknown' as const, because: 'servicePrincipalName' })),
          ...(values.get('msds-allowedtodelegateto') ?? [])
            .slice(0, 20)
            .map((to) => ({ what: to, access: 'unknown' as const, because: 'it may act there as any user' })),
        ],
        traits: isOff
          ? groups.length > 0
            ? [trait('account:disabled-with-access', `${groups.length} groups`)]
            : []
          : [
              ...(isManaged
                ? []
                : [
                    credentialTrait(
                      {
                        name: `password of ${name}`,
                        madeOn,
                        usedOn,
                        endsOn: (flags & NEVER_EXPIRES) !== 0 && ends === '' ? 'never' : ends,
                      },
                      where,
                    ),
                  ]),
              ...(admin ? [trait('account:superuser', `member of ${admin.split(',')[0]}`)] : []),
              ...(!admin && ADMIN_GROUP_IDS.has(one('primarygroupid'))
                ? [trait('account:superuser', `its primary group is ${one('primarygroupid')}`)]
                : []),
              ...((flags & NO_PASSWORD) !== 0 ? [trait('account:no-password', 'PASSWD_NOTREQD')] : []),
              ...((flags & NO_PREAUTH) !== 0
                ? [trait('account:no-password', 'its answers can be guessed offline: DONT_REQ_PREAUTH')]
                : []),
              ...(isAnyDelegation
                ? [trait('account:impersonates', 'it may act as whoever signs in to it: TRUSTED_FOR_DELEGATION')]
                : []),
              ...NOTES.flatMap((field) => values.get(field) ?? []).flatMap((note) => {
                const [, value = ''] = TOLD_PASSWORD.exec(note) ?? []
                return settingTraits({ name: 'password', value, where }, tools)
              }),
              ...(usedOn !== '' && Date.parse(usedOn) < tools.now.getTime()
                ? [trait('account:last-used', usedOn)]
                : []),
            ],
      },
    ]
  })

// A primary group is in no `memberOf`: domain admins, schema admins, enterprise admins ([MS-SAMR] §2.2.1.14).
const ADMIN_GROUP_IDS = new Set(['512', '518', '519'])
// Where administrators write down what everybody in the directory can read.
const NOTES = ['description', 'info', 'comment']
const TOLD_PASSWORD = /\b(?:pass(?:word|wort|wd)?|pwd|pw)\b(?: is)?[ \t]{0,3}[:=]?[ \t]{0,3}["']?([^\s"']{6,100})/i

const SERVICE_NAME = /^(?:svc|sa|srv|service|bot|app|robot)[-_.]|[-_.](?:svc|bot|service)$/i
// userAccountControl, [MS-ADTS] §2.2.16.
const DISABLED = 0x2
const NO_PASSWORD = 0x20
const NEVER_EXPIRES = 0x10000
const TRUSTED_FOR_DELEGATION = 0x80000
const NO_PREAUTH = 0x400000

interface Entry {
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly line: number
}

const ENTRIES_MAX = 200_000

const entriesOf = (file: ScannedFile): Entry[] => {
  const entries: Entry[] = []
  let values = new Map<string, string[]>()
  let first = 1
  const end = (next: number) => {
    if (values.size > 0) entries.push({ values, line: first })
    values = new Map()
    first = next
  }
  for (const { text, line } of unfolded(file.text())) {
    if (entries.length >= ENTRIES_MAX) break
    if (text === '') end(line + 1)
    const at = text.indexOf(':')
    if (at <= 0 || text.startsWith('#')) continue
    const name = text.slice(0, at).split(';')[0]?.toLowerCase() ?? ''
    const isBase64 = text[at + 1] === ':'
    const value = text.slice(at + (isBase64 ? 2 : 1)).trim()
    const plain = isBase64 ? Buffer.from(value, 'base64').toString(BINARY.has(name) ? 'hex' : 'utf8') : value
    const known = values.get(name) ?? []
    if (known.length < 500) known.push(plain)
    values.set(name, known)
  }
  end(0)
  return entries
}

// A line that begins with a space goes on with the one before it.
const unfolded = (ldif: string): readonly { readonly text: string; readonly line: number }[] => {
  const lines: { text: string; line: number }[] = []
  for (const [at, text] of ldif.split('\n').entries()) {
    const before = lines.at(-1)
    if (text.startsWith(' ') && before && before.text.length < 100_000) before.text += text.slice(1).trimEnd()
    else lines.push({ text: text.trimEnd(), line: at + 1 })
  }
  return lines
}

const BINARY = new Set(['objectguid', 'objectsid'])

// Ticks of 100 ns since 1601; 0 and the highest mean never.
const adDay = (text: string): string => {
  const ticks = /^\d{17,18}$/.test(text) ? Number(text) : 0
  return ticks === 0 ? '' : new Date(ticks / 10_000 - 11_644_473_600_000).toISOString().slice(0, 10)
}

const ldapDay = (text: string): string => {
  const match = /^(\d{4})(\d\d)(\d\d)\d{2,6}/.exec(text)
  return match ? `${match[1]}-${match[2]}-${match[3]}` : ''
}
