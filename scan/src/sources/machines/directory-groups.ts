import type { ScannedFile } from '../../file.ts'
import type { Problem, Sighting, Trait } from '../../report.ts'
import type { Fact, Related } from '../../source.ts'
import type { LdifEntry } from './ldif-entries.ts'
import { sidOf } from './sid.ts'

const ACCOUNT = 'ldap:account'
const GROUP = 'ldap:group'
const MEMBER = 'ldap:member'

// A name of an object as it is compared.
const sameName = (dn: string): string => dn.toLowerCase().replace(/,[ \t]{1,8}/g, ',')

/** Who is in which group, for all files together: of accounts of programs and of groups; of people nothing is kept. */
export const groupFacts = (
  entries: readonly LdifEntry[],
  accounts: ReadonlyMap<LdifEntry, { readonly key: string; readonly isOff: boolean }>,
  file: ScannedFile,
): { facts: Fact[]; problems: Problem[] } => {
  const facts: Fact[] = []
  const cut = new Set<string>()
  const of = (entry: LdifEntry, name: string): readonly string[] => entry.values.get(name) ?? []
  const dnOf = (entry: LdifEntry): string => sameName(of(entry, 'dn')[0] ?? '')
  const isGroup = (entry: LdifEntry): boolean => of(entry, 'objectclass').some((name) => GROUPS.has(name.toLowerCase()))
  // People are known by their own file: an account of theirs is nothing to keep.
  const people = new Set(entries.filter((entry) => !isGroup(entry) && !accounts.has(entry)).map(dnOf))
  const add = (type: string, fields: Fact['fields'], { line }: LdifEntry): void => {
    if (facts.length < FACTS_MAX) facts.push({ type, fields, where: file.at(line) })
    else cut.add(`more than ${FACTS_MAX} members of groups: the rest is left out`)
  }
  const accountOf = (entry: LdifEntry, dn: string, { key, isOff }: { key: string; isOff: boolean }): void => {
    add(ACCOUNT, { key, dn, state: isOff ? 'off' : 'on' }, entry)
    const primary = primaryGroupOf(of(entry, 'objectsid')[0] ?? '', of(entry, 'primarygroupid')[0] ?? '')
    if (primary !== '') add(MEMBER, { member: dn, group: primary }, entry)
  }
  const groupOf = (entry: LdifEntry, dn: string): void => {
    add(GROUP, { dn, sid: sidOf(of(entry, 'objectsid')[0] ?? '') }, entry)
    for (const member of MEMBERS.flatMap((name) => of(entry, name)).map(sameName))
      if (!people.has(member)) add(MEMBER, { member, group: dn }, entry)
  }
  for (const entry of entries) {
    const account = accounts.get(entry)
    const dn = dnOf(entry)
    if (dn === '' || (!account && !isGroup(entry))) continue
    if (account) accountOf(entry, dn, account)
    else groupOf(entry, dn)
    for (const group of of(entry, 'memberof')) add(MEMBER, { member: dn, group: sameName(group) }, entry)
    if (entry.cut.some((name) => name === 'memberof' || MEMBERS.includes(name)))
      cut.add('groups of which the directory gave a part of the members only: ask it for all')
  }
  return { facts, problems: [...cut].map((detail) => ({ path: file.path, reason: 'incomplete', detail })) }
}

/** Accounts that are administrators by a group, however many groups lie between; and disabled ones that are in any. */
export const relateDirectory = (sightings: readonly Sighting[], facts: readonly Fact[]): Related => {
  const { byDn, upTo } = administratorsOf(facts)
  const groupsOf = new Map<string, number>()
  for (const { type, fields } of facts)
    if (type === MEMBER && fields.member !== undefined)
      groupsOf.set(fields.member, (groupsOf.get(fields.member) ?? 0) + (fields.group?.startsWith('S-') ? 0 : 1))
  const changed = sightings.flatMap((sighting): Sighting[] => {
    const account = byDn.get(sighting.stableKey)
    if (!account) return []
    const { where } = sighting
    if (account.state === 'off') {
      const groups = groupsOf.get(account.dn) ?? 0
      const trait: Trait = { trait: 'account:disabled-with-access', detail: `${groups} groups`, where }
      return groups > 0 ? [{ ...sighting, traits: [...sighting.traits, trait] }] : []
    }
    const way = upTo(account.dn)
    const trait: Trait = { trait: 'account:superuser', detail: `member of ${way.join(', which is in ')}`, where }
    return way.length > 0 ? [{ ...sighting, traits: [...sighting.traits, trait] }] : []
  })
  return { sightings: changed, problems: [] }
}

// From the groups of administrators down, each group once: rings end, and the way up is the shortest.
const administratorsOf = (facts: readonly Fact[]) => {
  const { byDn, sids, administrators } = objectsOf(facts)
  const members = membersOf(facts, sids)
  // A group that no file has tells by its name, or its identifier, alone.
  for (const group of members.keys())
    if (!administrators.has(group) && (ADMINISTRATORS.test(group) || ADMINISTRATOR_NAMES.test(group)))
      administrators.set(group, nameIn(group))
  const above = new Map<string, string>()
  const next = [...administrators.keys()]
  for (const group of next)
    for (const member of members.get(group) ?? []) {
      if (above.has(member) || administrators.has(member)) continue
      above.set(member, group)
      next.push(member)
    }
  const upTo = (dn: string): string[] => {
    const way: string[] = []
    for (let at = above.get(dn); at !== undefined && way.length < WAY_MAX; at = above.get(at))
      way.push(administrators.get(at) ?? nameIn(at))
    return way
  }
  return { byDn, upTo }
}

// The accounts by key, the groups by identifier, and those of administrators.
const objectsOf = (facts: readonly Fact[]) => {
  const byDn = new Map<string, { readonly dn: string; readonly state: string }>()
  const sids = new Map<string, string>()
  const administrators = new Map<string, string>()
  for (const { type, fields } of facts) {
    const { key = '', dn = '', sid = '', state = '' } = fields
    if (type === ACCOUNT) byDn.set(key, { dn, state })
    if (type !== GROUP) continue
    if (sid !== '') sids.set(sid, dn)
    if (ADMINISTRATORS.test(sid)) administrators.set(dn, `${nameIn(dn)} (${sid})`)
  }
  return { byDn, sids, administrators }
}

const membersOf = (facts: readonly Fact[], sids: ReadonlyMap<string, string>): ReadonlyMap<string, string[]> => {
  const members = new Map<string, string[]>()
  for (const { type, fields } of facts) {
    const { member = '', group: told = '' } = fields
    if (type !== MEMBER || member === '' || told === '') continue
    const group = sids.get(told) ?? told
    const known = members.get(group)
    if (known) known.push(member)
    else members.set(group, [member])
  }
  return members
}

const FACTS_MAX = 50_000
const WAY_MAX = 10
const GROUPS = new Set(['group', 'groupofnames', 'groupofuniquenames', 'ipausergroup'])
const MEMBERS = ['member', 'uniquemember']

// Domain, schema and enterprise admins; administrators, account, server, print and backup operators ([MS-DTYP] §2.4.2.4).
const ADMINISTRATORS = /^S-1-5-(?:21-\d{1,10}-\d{1,10}-\d{1,10}-(?:512|518|519)|32-(?:544|548|549|550|551))$/
const ADMINISTRATOR_NAMES =
  /^cn=(?:domain admins|enterprise admins|administrators|schema admins|account operators|server operators|print operators|backup operators),/

const nameIn = (dn: string): string => /^(?:cn|ou)=([^,]{1,100})/.exec(dn)?.[1] ?? dn

// A primary group is in no `memberOf`, and its group does not list it ([MS-SAMR] §2.2.1.14).
const primaryGroupOf = (told: string, id: string): string => {
  const domain = /^(S-1-5-21-\d{1,10}-\d{1,10}-\d{1,10})-\d{1,10}$/.exec(sidOf(told))?.[1]
  if (!/^\d{1,10}$/.test(id)) return ''
  return `${domain ?? 'S-1-5-21-0-0-0'}-${id}`
}
