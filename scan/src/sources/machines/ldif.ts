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
  entry: LdifEntry,
  file: ScannedFile,
  tools: SourceTools,
): (SeenInExport & { readonly isOff: boolean }) | undefined => {
  const one = (name: string): string => entry.values.get(name)?.[0] ?? ''
  if (!isOfProgram(entry) || one('dn') === '') return undefined
  const name = one('samaccountname') || one('uid') || one('cn') || one('dn')
  const flags = flagsOf(entry)
  const isOff = (flags & DISABLED) !== 0
  const days = isManaged(entry) ? (/^\d{1,5}$/.exec(one('msds-managedpasswordinterval'))?.[0] ?? '') : ''
  const reaching = (names: string, because: string) =>
    (entry.values.get(names) ?? []).slice(0, 20).map((what) => ({ what, access: 'unknown' as const, because }))
  return {
    kind: 'account' as const,
    name: `directory account ${name}`,
    key: `ldap:${(one('objectguid') || one('entryuuid') || one('objectsid') || one('dn')).toLowerCase()}`,
    line: entry.line,
    evidence: [
      `${isManaged(entry) ? 'managed service account' : 'account of a program'} ${one('dn')}`,
      ...(isOff ? ['disabled'] : []),
      ...NOTED.flatMap(([flag, words]) => ((flags & flag) !== 0 ? [words] : [])),
      ...(days === '' ? [] : [`its password changes every ${days} days`]),
    ].join(', '),
    owner: { value: one('managedby') || one('owner'), because: 'the directory says so' },
    reaches: [
      ...reaching('serviceprincipalname', 'servicePrincipalName'),
      ...reaching(DELEGATES, 'it may act there as any user'),
    ],
    isOff,
    // Of what is off, only what it still has is wrong.
    traits: isOff ? [] : [...passwordTraits(entry, name, file, tools), ...rightTraits(entry, file)],
  }
}

const DELEGATES = 'msds-allowedtodelegateto'

const flagsOf = ({ values }: LdifEntry): number => Number(values.get('useraccountcontrol')?.[0] ?? '0')

const classesOf = ({ values }: LdifEntry): ReadonlySet<string> =>
  new Set((values.get('objectclass') ?? []).map((name) => name.toLowerCase()))

const isManaged = (entry: LdifEntry): boolean =>
  [...classesOf(entry)].some((name) => name.startsWith('msds-') && name.endsWith('managedserviceaccount'))

// Not a person's, nor a computer's.
const isOfProgram = (entry: LdifEntry): boolean => {
  const classes = classesOf(entry)
  if (isManaged(entry) || classes.has('applicationprocess')) return true
  if (!classes.has('person')) return classes.has('simplesecurityobject') || classes.has('account')
  if (classes.has('computer')) return false
  const one = (name: string): string => entry.values.get(name)?.[0] ?? ''
  return entry.values.has('serviceprincipalname') || SERVICE_NAME.test(one('samaccountname') || one('uid') || one('cn'))
}

/** The first of some fields that has a day. */
const dayOf = ({ values }: LdifEntry, ad: readonly string[], ldap: readonly string[]): string =>
  [
    ...ad.map((name) => adDay(values.get(name)?.[0] ?? '')),
    ...ldap.map((name) => ldapDay(values.get(name)?.[0] ?? '')),
  ].find((day) => day !== '') ?? ''

const passwordTraits = (entry: LdifEntry, name: string, file: ScannedFile, tools: SourceTools): Trait[] => {
  const where = file.at(entry.line)
  // OpenLDAP, 389 Directory Server and FreeIPA have other names for them than Active Directory.
  const madeOn = dayOf(entry, ['pwdlastset'], ['pwdchangedtime', 'krblastpwdchange', 'whencreated', 'createtimestamp'])
  const usedOn = dayOf(
    entry,
    ['lastlogontimestamp', 'lastlogon'],
    ['authtimestamp', 'pwdlastsuccess', 'lastlogintime', 'krblastsuccessfulauth'],
  )
  const ends = dayOf(entry, ['accountexpires'], ['krbpasswordexpiration'])
  const isEndless = (flagsOf(entry) & NEVER_EXPIRES) !== 0 && ends === ''
  const password = { name: `password of ${name}`, madeOn, usedOn, endsOn: isEndless ? 'never' : ends }
  const inClear = [
    ...(entry.values.get('userpassword') ?? []).map(plainPassword),
    ...NOTES.flatMap((field) => entry.values.get(field) ?? []).map((note) => TOLD_PASSWORD.exec(note)?.[1] ?? ''),
  ]
  return [
    ...(isManaged(entry) ? [] : [credentialTrait(password, where)]),
    ...inClear.flatMap((value) => settingTraits({ name: 'password', value, where }, tools)),
    ...(usedOn !== '' && Date.parse(usedOn) < tools.now.getTime()
      ? [{ trait: 'account:last-used', detail: usedOn, where }]
      : []),
  ]
}

const rightTraits = (entry: LdifEntry, file: ScannedFile): Trait[] => {
  const has = (flag: number): boolean => (flagsOf(entry) & flag) !== 0
  const delegates = entry.values.get(DELEGATES) ?? []
  const readers = allowedBy(entry.values.get('msds-groupmsamembership')?.[0] ?? '').flatMap(
    (sid) => MANY.find(([is]) => is.test(sid))?.[1] ?? [],
  )
  const facts: readonly (readonly [boolean, string, string])[] = [
    [has(NO_PASSWORD), 'account:no-password', 'PASSWD_NOTREQD'],
    [has(NO_PREAUTH), 'account:no-password', 'its answers can be guessed offline: DONT_REQ_PREAUTH'],
    [
      has(TRUSTED_FOR_DELEGATION),
      'account:impersonates',
      'it may act as whoever signs in to it: TRUSTED_FOR_DELEGATION',
    ],
    [
      has(TRUSTED_TO_AUTH_FOR_DELEGATION) && delegates.length > 0,
      'account:impersonates',
      `it may act as anybody, without a sign-in of theirs, at ${delegates.slice(0, 3).join(', ')}: TRUSTED_TO_AUTH_FOR_DELEGATION`,
    ],
    [readers.length > 0, 'account:shared', `its password is handed to ${readers.join(', ')}`],
  ]
  return facts.flatMap(([isSo, trait, detail]) => (isSo ? [{ trait, detail, where: file.at(entry.line) }] : []))
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
