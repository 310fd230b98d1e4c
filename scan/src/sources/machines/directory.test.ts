import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW, readSource } from '../../../test/read-source.ts'
import { riskOf } from '../../posture/risk.ts'
import { scanDocuments } from '../../scan-documents.ts'
import { allowedBy, sidOf } from './sid.ts'
import { machinesSource } from './source.ts'

const DOMAIN = 'S-1-5-21-1004336348-1177238915-682003330'
const sidBytes = (sid: string): Buffer => {
  const [, , authority = '', ...parts] = sid.split('-')
  const bytes = Buffer.alloc(8 + parts.length * 4)
  bytes[0] = 1
  bytes[1] = parts.length
  bytes.writeUIntBE(Number(authority), 2, 6)
  for (const [at, part] of parts.entries()) bytes.writeUInt32LE(Number(part), 8 + at * 4)
  return bytes
}
const descriptor = (...sids: readonly string[]): Buffer => {
  const entries = sids.map((sid) => {
    const bytes = sidBytes(sid)
    const entry = Buffer.alloc(8 + bytes.length)
    entry.writeUInt16LE(entry.length, 2)
    bytes.copy(entry, 8)
    return entry
  })
  const head = Buffer.alloc(28)
  head[0] = 1
  head.writeUInt32LE(20, 16)
  head[20] = 2
  head.writeUInt16LE(8 + entries.reduce((sum, { length }) => sum + length, 0), 22)
  head.writeUInt16LE(sids.length, 24)
  return Buffer.concat([head, ...entries])
}

const account = (name: string, ...lines: readonly string[]): string =>
  [
    `dn: CN=${name},OU=Services,DC=acme`,
    'objectClass: user',
    'objectClass: person',
    `sAMAccountName: ${name}`,
    'pwdLastSet: 134300000000000000',
    ...lines,
    '',
    '',
  ].join('\n')
const group = (name: string, sid: string, ...lines: readonly string[]): string =>
  [
    `dn: CN=${name},OU=Groups,DC=acme`,
    'objectClass: group',
    ...(sid === '' ? [] : [`objectSid:: ${sidBytes(sid).toString('base64')}`]),
    ...lines,
    '',
    '',
  ].join('\n')
const of = (name: string) => `CN=${name},OU=Groups,DC=acme`

const read = (text: string) => readSource(machinesSource, text, 'users.ldif')
const superuser = (text: string): string[] =>
  read(text).related.flatMap(({ traits }) =>
    traits.filter(({ trait }) => trait === 'account:superuser').map(({ detail }) => detail),
  )

const WAYS: readonly [what: string, ldif: string, detail: readonly string[]][] = [
  [
    'a group of another name, by its identifier',
    group('Domänen-Admins', `${DOMAIN}-512`) + account('svc-a', `memberOf: ${of('Domänen-Admins')}`),
    [`member of domänen-admins (${DOMAIN}-512)`],
  ],
  [
    'enterprise administrators, whose entry lists it',
    group('X', `${DOMAIN}-519`, 'member: CN=svc-a,OU=Services,DC=acme') + account('svc-a'),
    [`member of x (${DOMAIN}-519)`],
  ],
  [
    'the administrators of the builtin domain, with two groups between',
    account('svc-a', `memberOf: ${of('Ops')}`) +
      group('Ops', '', `memberOf: ${of('Servers')}`) +
      group('Servers', '') +
      group('Administratoren', 'S-1-5-32-544', `member: ${of('Servers')}`),
    ['member of ops, which is in servers, which is in administratoren (S-1-5-32-544)'],
  ],
  [
    'its primary group',
    group('DA', `${DOMAIN}-512`) +
      account('svc-a', 'primaryGroupID: 512', `objectSid:: ${sidBytes(`${DOMAIN}-1105`).toString('base64')}`),
    [`member of da (${DOMAIN}-512)`],
  ],
  [
    'a primary group that is in one of administrators',
    group('Ops', `${DOMAIN}-1200`, `memberOf: ${of('Domain Admins')}`) +
      account('svc-a', 'primaryGroupID: 1200', `objectSid: ${DOMAIN}-1105`),
    ['member of ops, which is in domain admins'],
  ],
  [
    'a group that no file has, by its name',
    account('svc-a', `memberOf: ${of('Domain Admins')}`),
    ['member of domain admins'],
  ],
  [
    'names that are written in other ways',
    account('svc-a', 'memberOf: cn=OPS, ou=groups, dc=ACME') + group('Ops', '', `memberOf: ${of('Domain Admins')}`),
    ['member of ops, which is in domain admins'],
  ],
  [
    'groups of unique names',
    'dn: cn=Administrators,dc=acme\nobjectClass: groupOfUniqueNames\nuniqueMember: CN=svc-a,OU=Services,DC=acme\n\n' +
      account('svc-a'),
    ['member of administrators'],
  ],
  [
    'a managed account as well',
    'dn: CN=web,DC=acme\nobjectClass: msDS-GroupManagedServiceAccount\nsAMAccountName: web$\nmemberOf: CN=Domain Admins,DC=acme\n\n',
    ['member of domain admins'],
  ],
]

for (const [what, ldif, detail] of WAYS)
  test(`an account is an administrator by ${what}`, () => {
    assert.deepEqual(superuser(ldif), detail)
  })

const NO_WAYS: readonly [what: string, ldif: string][] = [
  ['a group of the same number in no domain', group('X', 'S-1-5-32-512') + account('svc-a', `memberOf: ${of('X')}`)],
  [
    'a group with administrators in it',
    group('X', '', `member: ${of('Domain Admins')}`) + account('svc-a', `memberOf: ${of('X')}`),
  ],
  [
    'groups in a ring',
    group('A', '', `memberOf: ${of('B')}`) +
      group('B', '', `memberOf: ${of('A')}`) +
      account('svc-a', `memberOf: ${of('A')}`),
  ],
  ['a name that begins like one', account('svc-a', 'memberOf: CN=Domain Admins of test,DC=acme')],
]

for (const [what, ldif] of NO_WAYS)
  test(`an account is no administrator by ${what}`, () => {
    assert.deepEqual(superuser(ldif), [])
  })

test('a ring of groups that leads to administrators ends, and its accounts are administrators', () => {
  const ring = Array.from({ length: 300 }, (_, at) =>
    group(`G${at}`, '', `memberOf: ${of(`G${(at + 1) % 300}`)}`),
  ).join('')
  const text = `${ring}${group('Top', `${DOMAIN}-512`, `member: ${of('G299')}`)}${account('svc-a', `memberOf: ${of('G0')}`)}`
  assert.match(superuser(text)[0] ?? '', /^member of g0, which is in g1, /)
})

test('groups in another file than their members count, and of people nothing is kept', () => {
  const person =
    'dn: CN=Ann,OU=People,DC=acme\nobjectClass: person\nsAMAccountName: ann\nmemberOf: CN=Domain Admins,DC=acme\n\n'
  const report = scanDocuments(
    [
      { path: 'groups.ldif', text: group('Ops', `${DOMAIN}-512`, 'member: CN=svc-a,OU=Services,DC=acme') },
      { path: 'users.ldif', text: person + account('svc-a') },
    ],
    { salt: 'a salt for these tests only', now: NOW, sources: [machinesSource] },
  )
  assert.deepEqual(
    report.findings.filter(({ rule }) => rule === 'account/superuser').map(({ where }) => where.path),
    ['users.ldif'],
  )
  assert.deepEqual(
    read(person + group('G', '', 'member: CN=Ann,OU=People,DC=acme')).facts.map(({ type }) => type),
    ['ldap:group'],
  )
})

test('an administrator whose password never ends is privileged and long-lived', () => {
  const { related } = read(account('svc-a', 'userAccountControl: 66048', `memberOf: ${of('Domain Admins')}`))
  const factors = related.flatMap((one) => riskOf(one).factors.map(({ factor }) => factor))
  assert.deepEqual(factors, ['privileged', 'long-lived', 'unowned'])
})

const FLAGS: readonly [what: string, lines: readonly string[], rules: readonly string[]][] = [
  [
    'constrained delegation of whoever it likes',
    ['userAccountControl: 16777728', 'msDS-AllowedToDelegateTo: cifs/files'],
    ['account/becomes-others high'],
  ],
  [
    'constrained delegation of who signed in to it',
    ['userAccountControl: 512', 'msDS-AllowedToDelegateTo: cifs/files'],
    [],
  ],
  ['that flag, and nothing to act at', ['userAccountControl: 16777728'], []],
  [
    'a disabled administrator',
    ['userAccountControl: 66050', `memberOf: ${of('Domain Admins')}`],
    ['account/disabled-with-access low'],
  ],
  ['a disabled account in no group', ['userAccountControl: 66050'], []],
]

for (const [what, lines, rules] of FLAGS)
  test(`an account with ${what} gives ${rules.join(' and ') || 'no finding'}`, () => {
    assert.deepEqual(read(account('svc-a', ...lines)).rulesFound, rules)
  })

test('a managed account has no password that ends, and whoever may have its password is told', () => {
  const managed = (...sids: readonly string[]) =>
    read(
      `dn: CN=web,DC=acme\nobjectClass: msDS-GroupManagedServiceAccount\nsAMAccountName: web$\nuserAccountControl: 69632\nmsDS-ManagedPasswordInterval: 30\nmsDS-GroupMSAMembership:: ${descriptor(...sids).toString('base64')}\n`,
    )
  assert.deepEqual(managed(`${DOMAIN}-1105`).rulesFound, [])
  assert.match(managed(`${DOMAIN}-1105`).sightings[0]?.evidence[0] ?? '', /changes every 30 days$/)
  assert.deepEqual(managed(`${DOMAIN}-1105`, `${DOMAIN}-515`).rulesFound, ['account/shared medium'])
})

test('a part of the members of a group is named as one', () => {
  const { problems } = read(group('X', '', 'member;range=0-1499: CN=svc-a,OU=Services,DC=acme'))
  assert.deepEqual(
    problems.map(({ reason }) => reason),
    ['incomplete'],
  )
  assert.deepEqual(read(group('X', '', 'member;range=1500-*: CN=svc-a,OU=Services,DC=acme')).problems, [])
})

test('bytes that are no identifier, or no list of whom it lets in, are none', () => {
  assert.equal(sidOf(sidBytes(`${DOMAIN}-512`).toString('hex')), `${DOMAIN}-512`)
  for (const odd of ['', '00', '0102', 'ff'.repeat(40), '010f000000000005', 'S-1-', 'S-1-5-x', 'zz'.repeat(12)])
    assert.equal(sidOf(odd), '', odd)
  const whole = descriptor('S-1-1-0', 'S-1-5-11').toString('hex')
  assert.deepEqual(allowedBy(whole), ['S-1-1-0', 'S-1-5-11'])
  for (let length = 0; length < whole.length; length += 2) assert.ok(allowedBy(whole.slice(0, length)).length < 2)
  const loop = descriptor('S-1-1-0')
  loop.writeUInt16LE(0, 30)
  loop.writeUInt16LE(65_535, 24)
  assert.ok(allowedBy(loop.toString('hex')).length <= 1)
})
