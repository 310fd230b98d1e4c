import { credentialTrait } from '../../exports/credential-fact.ts'
import type { SeenInExport } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Problem, Trait } from '../../report.ts'
import type { Fact, SourceTools } from '../../source.ts'
import { settingTraits } from '../settings.ts'
import { groupFacts } from './directory-groups.ts'
import { type LdifEntry, ldifEntriesOf } from './ldif-entries.ts'
import { allowedBy } from './sid.ts'

/** The machines' accounts of a directory: entries of LDIF (RFC 2849) that are no people; and the groups that they are in. */
export const ldifEntries = (file: ScannedFile, tools: SourceTools): LdifTold => {
  const entries = ldifEntriesOf(file)
  const accounts = new Map(
    entries.flatMap((entry) => {
      const account = accountOf(entry, file, tools)
      return account ? [[entry, account] as const] : []
    }),
  )
  const seen = [...accounts.values()]
  const { facts, problems } = groupFacts(entries, accounts, file)
  return { seen, facts, problems }
}

interface LdifTold {
  readonly seen: readonly SeenInExport[]
  readonly facts: readonly Fact[]
  readonly problems: readonly Problem[]
}

const accountOf = (
  { values, line }: LdifEntry,
  file: ScannedFile,
  tools: SourceTools,
): (SeenInExport & { readonly isOff: boolean }) | undefined => {
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
  if (!isAccount || one('dn') === '') return undefined
  const name = one('samaccountname') || one('uid') || one('cn') || one('dn')
  const where = file.at(line)
  const flags = Number(one('useraccountcontrol') || '0')
  const isOff = (flags & DISABLED) !== 0
  const trait = (is: string, detail: string): Trait => ({ trait: is, detail, where })
  const madeOn =
    adDay(one('pwdlastset')) ||
    ldapDay(one('pwdchangedtime')) ||
    ldapDay(one('krblastpwdchange')) ||
    ldapDay(one('whencreated')) ||
    ldapDay(one('createtimestamp'))
  const usedOn =
    adDay(one('lastlogontimestamp')) ||
    adDay(one('lastlogon')) ||
    // OpenLDAP, 389 Directory Server and FreeIPA.
    ['authtimestamp', 'pwdlastsuccess', 'lastlogintime', 'krblastsuccessfulauth']
      .map((each) => ldapDay(one(each)))
      .find((day) => day !== '') ||
    ''
  const ends = adDay(one('accountexpires')) || ldapDay(one('krbpasswordexpiration'))
  const days =
    isManaged && /^\d{1,5}$/.test(one('msds-managedpasswordinterval')) ? one('msds-managedpasswordinterval') : ''
  const delegates = values.get('msds-allowedtodelegateto') ?? []
  const readers = allowedBy(one('msds-groupmsamembership')).flatMap(
    (sid) => MANY.find(([is]) => is.test(sid))?.[1] ?? [],
  )
  const isAnyDelegation = (flags & TRUSTED_FOR_DELEGATION) !== 0
  return {
    kind: 'account' as const,
    name: `directory account ${name}`,
    key: `ldap:${(one('objectguid') || one('entryuuid') || one('objectsid') || one('dn')).toLowerCase()}`,
    line,
    evidence: `${isManaged ? 'managed service account' : 'account of a program'} ${one('dn')}${isOff ? ', disabled' : ''}${NOTED.flatMap(([flag, words]) => ((flags & flag) !== 0 ? [`, ${words}`] : [])).join('')}${days === '' ? '' : `, its password changes every ${days} days`}`,
    owner: { value: one('managedby') || one('owner'), because: 'the directory says so' },
    reaches: [
      ...services
        .slice(0, 20)
        .map((service) => ({ what: service, access: 'unknown' as const, because: 'servicePrincipalName' })),
      ...delegates
        .slice(0, 20)
        .map((to) => ({ what: to, access: 'unknown' as const, because: 'it may act there as any user' })),
    ],
    isOff,
    // Of what is off, only what it still has is wrong.
    traits: isOff
      ? []
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
          ...((flags & NO_PASSWORD) !== 0 ? [trait('account:no-password', 'PASSWD_NOTREQD')] : []),
          ...((flags & NO_PREAUTH) !== 0
            ? [trait('account:no-password', 'its answers can be guessed offline: DONT_REQ_PREAUTH')]
            : []),
          ...(isAnyDelegation
            ? [trait('account:impersonates', 'it may act as whoever signs in to it: TRUSTED_FOR_DELEGATION')]
            : []),
          ...((flags & TRUSTED_TO_AUTH_FOR_DELEGATION) !== 0 && delegates.length > 0
            ? [
                trait(
                  'account:impersonates',
                  `it may act as anybody, without a sign-in of theirs, at ${delegates.slice(0, 3).join(', ')}: TRUSTED_TO_AUTH_FOR_DELEGATION`,
                ),
              ]
            : []),
          ...(readers.length > 0 ? [trait('account:shared', `its password is handed to ${readers.join(', ')}`)] : []),
          ...(values.get('userpassword') ?? []).flatMap((told) =>
            settingTraits({ name: 'password', value: plainPassword(told), where }, tools),
          ),
          ...NOTES.flatMap((field) => values.get(field) ?? []).flatMap((note) => {
            const [, value = ''] = TOLD_PASSWORD.exec(note) ?? []
            return settingTraits({ name: 'password', value, where }, tools)
          }),
          ...(usedOn !== '' && Date.parse(usedOn) < tools.now.getTime() ? [trait('account:last-used', usedOn)] : []),
        ],
  }
}

// What is behind the name of a scheme is a hash, but for one; without a name it is the password (RFC 2307 §5.3).
const plainPassword = (told: string): string =>
  /^\{CLEARTEXT\}/i.test(told) ? told.slice('{CLEARTEXT}'.length) : told.startsWith('{') ? '' : told

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
const TRUSTED_TO_AUTH_FOR_DELEGATION = 0x1000000
// What is weak in it, and no finding of its own.
const NOTED: readonly (readonly [number, string])[] = [
  [0x80, 'its password can be read back (ENCRYPTED_TEXT_PWD_ALLOWED)'],
  [0x200000, 'its keys are those of DES (USE_DES_KEY_ONLY)'],
]
// Groups that everybody, or every machine, of a domain is in.
const MANY: readonly (readonly [RegExp, string])[] = [
  [/^S-1-1-0$/, 'everybody'],
  [/^S-1-5-11$/, 'whoever signs in'],
  [/^S-1-5-21-.{5,35}-513$/, 'all users of the domain'],
  [/^S-1-5-21-.{5,35}-515$/, 'all computers of the domain'],
]

// Ticks of 100 ns since 1601; 0 and the highest mean never.
const adDay = (text: string): string => {
  const ticks = /^\d{17,18}$/.test(text) ? Number(text) : 0
  return ticks === 0 ? '' : new Date(ticks / 10_000 - 11_644_473_600_000).toISOString().slice(0, 10)
}

const ldapDay = (text: string): string => {
  const match = /^(\d{4})(\d\d)(\d\d)\d{2,6}/.exec(text)
  return match ? `${match[1]}-${match[2]}-${match[3]}` : ''
}
