import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { scanDocuments } from '../../scan-documents.ts'
import { machinesSource } from './source.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBPPVXDPOsdqf0ysUXYD8BY/6D8Y7wO1gY5k9J0E9z7R ci@acme'
const SECRET = 'Zq8xV2mN7pL4tR9wK3yB'
const account = (...lines: readonly string[]) =>
  [
    'dn: CN=svc-etl,OU=Services,DC=acme',
    'objectClass: user',
    'objectClass: person',
    'sAMAccountName: svc-etl',
    'pwdLastSet: 134300000000000000',
    ...lines,
    '',
  ].join('\n')
const unit = (...lines: readonly string[]) =>
  ['[Unit]', 'Description=x', '[Service]', 'ExecStart=/usr/bin/app --serve', ...lines].join('\n')
const SUPER = ['account/superuser high', 'credential/without-end medium']
const PLAIN = ['settings/plain-secret high']
const NEVER = 'credential/without-end medium'

const FACTS: readonly [string, string, string, string[]][] = [
  ['a key for anything', 'home/app/.ssh/authorized_keys', KEY, ['credential/unrestricted medium', NEVER]],
  ['a key for one command', 'home/app/.ssh/authorized_keys', `command="/bin/backup",no-pty ${KEY}`, [NEVER]],
  ['a key with an end', 'home/app/.ssh/authorized_keys', `from="10.0.0.1",expiry-time="20270101" ${KEY}`, []],
  ['a key that ended', 'home/app/.ssh/authorized_keys', `expiry-time="20250101" ${KEY}`, []],
  [
    'a key with an end far away',
    'home/app/.ssh/authorized_keys',
    `from="x",expiry-time="209901012359Z" ${KEY}`,
    [NEVER],
  ],
  ['a key behind a command that names one', 'root/.ssh/authorized_keys', `command="run ssh-add, x" ${KEY}`, SUPER],
  ['a key of root where many users are', 'etc/ssh/authorized_keys/root', `from="10.0.0.1"\t${KEY}`, SUPER],
  ['a key of root', 'root/.ssh/authorized_keys', `from="10.0.0.1" ${KEY}`, ['account/superuser high', NEVER]],
  ['a job', 'etc/cron.d/backup', '0 3 * * * backup /usr/local/bin/backup --all', []],
  ['a job of root', 'etc/cron.d/backup', '@daily root /usr/local/bin/backup', ['account/runs-as-root low']],
  [
    'a job that runs what it fetches',
    'crontab',
    '*/5 * * * * curl -s https://x.example/run.sh | sh',
    ['account/runs-fetched-code high'],
  ],
  [
    'a job with a secret',
    'crontab',
    `API_TOKEN=${SECRET}\n0 3 * * * /usr/local/bin/sync`,
    ['settings/plain-secret high'],
  ],
  ['a job at some time of many', 'etc/crontab', '0~59 3 ? * MON-FRI root /usr/bin/x', ['account/runs-as-root low']],
  [
    'a job of anacron',
    'etc/anacrontab',
    `SHELL=/bin/sh\n1 5 cron.daily /opt/sync --token=${SECRET}`,
    ['account/runs-as-root low', ...PLAIN],
  ],
  ['a job that is given a secret', 'crontab', `0 3 * * * /opt/sync --api-token=${SECRET} -v`, PLAIN],
  ['a job that is given a secret in quotes', 'crontab', `0 3 * * * X=1 /opt/sync --password="${SECRET}"`, PLAIN],
  ['a job that is given a password as MySQL takes it', 'crontab', `@daily mysqldump -u root -p${SECRET} shop`, PLAIN],
  ['a job that signs in by curl', 'crontab', `@daily curl -s -u ci:${SECRET} https://x.example/`, PLAIN],
  ['a job that is given a variable', 'crontab', '0 3 * * * /opt/sync --token $TOKEN --password "$(cat /run/pw)"', []],
  [
    'a service whose start has a secret',
    'app.service',
    `[Service]\nUser=app\nExecStart=/opt/x --token ${SECRET}`,
    PLAIN,
  ],
  ['a service with a user', 'app.service', unit('User=app'), []],
  ['a service of root', 'app.service', unit(), ['account/runs-as-root low']],
  ['a service of whoever signs in', 'usr/lib/systemd/user/app.service', unit(), []],
  ['a service of whoever signs in, by a package', 'systemd-user/app.service', unit(), []],
  ['a service of root that is shut in', 'app.service', unit('CapabilityBoundingSet=CAP_NET_BIND_SERVICE'), []],
  [
    'a service with a secret',
    'app.service',
    unit('User=app', `Environment="API_TOKEN=${SECRET}" MODE=live`),
    ['settings/plain-secret high'],
  ],
  [
    'settings beside a service',
    'etc/systemd/system/app.service.d/secret.conf',
    `[Service]\nEnvironment=API_TOKEN=${SECRET}`,
    PLAIN,
  ],
  [
    'a service whose start is over lines',
    'app.service',
    `[Service]\nUser=app\nExecStart=/opt/x \\\n  --token ${SECRET}\n`,
    PLAIN,
  ],
  ['a password in the clear', 'users.ldif', account(`userPassword: ${SECRET}`), PLAIN],
  ['a password that a scheme says is in the clear', 'users.ldif', account(`userPassword: {CLEARTEXT}${SECRET}`), PLAIN],
  ['a hashed password', 'users.ldif', account('userPassword: {SSHA}Zq8xV2mN7pL4tR9wK3yBZq8xV2mN7pL4'), []],
  [
    'an account that OpenLDAP saw long ago',
    'users.ldif',
    account('authTimestamp: 20250101000000Z'),
    ['account/unused medium', 'credential/unused medium'],
  ],
  ['an account of a program', 'users.ldif', account(), []],
  ['an account whose password never ends', 'users.ldif', account('userAccountControl: 66048'), [NEVER]],
  [
    'an administrator',
    'users.ldif',
    account('memberOf: CN=Domain Admins,CN=Users,DC=acme'),
    ['account/superuser high'],
  ],
  ['an administrator by its primary group', 'users.ldif', account('primaryGroupID: 512'), ['account/superuser high']],
  ['a password in its description', 'users.ldif', account(`description: batch, password is ${SECRET}`), PLAIN],
  ['a description that speaks of passwords', 'users.ldif', account('description: password never expires, ask IT'), []],
  [
    'an account that may act as anybody',
    'users.ldif',
    account('userAccountControl: 524800'),
    ['account/becomes-others high'],
  ],
  ['an account without a password', 'users.ldif', account('userAccountControl: 544'), ['account/no-password high']],
  [
    'a disabled account in groups',
    'users.ldif',
    account('userAccountControl: 514', 'memberOf: CN=x,DC=acme'),
    ['account/disabled-with-access low'],
  ],
  [
    'an account with an old password',
    'users.ldif',
    account().replace('134300000000000000', '133000000000000000'),
    ['credential/old high'],
  ],
]

for (const [name, path, text, rules] of FACTS)
  test(`a machine with ${name} gives ${rules.length === 0 ? 'no finding' : rules.join(' and ')}`, () => {
    const { rulesFound, problems, related } = readSource(machinesSource, text, path)
    assert.deepEqual(problems, [])
    assert.equal(related.length, 1)
    assert.deepEqual(rulesFound, rules)
  })

test('people and computers of a directory are left out; folded and encoded lines are read; the GUID is the key', () => {
  const person = 'dn: CN=Ann,DC=acme\nobjectClass: person\nsAMAccountName: ann\n\n'
  const computer = 'dn: CN=PC1,DC=acme\nobjectClass: person\nobjectClass: computer\nservicePrincipalName: HOST/pc1\n\n'
  const managed =
    'dn:: Q049d2ViLERDPWFjbWU=\nobjectClass: msDS-GroupManaged\n ServiceAccount\nsAMAccountName: web$\nobjectGUID:: AQIDBA==\n'
  const { sightings } = readSource(machinesSource, `${person}${computer}${managed}`, 'users.ldif')
  assert.deepEqual(
    sightings.map(({ name, stableKey, where }) => [name, stableKey, where.line]),
    [['directory account web$', 'ldap:01020304', 10]],
  )
})

test('a job is called as what it runs in the end, and two at one time are two', () => {
  const text = [
    '@daily cd /opt/app && nice -n 5 /usr/bin/python3 -u sync.py --all',
    '@daily test -x /opt/x || sudo -u etl X=1 /opt/run',
    '@daily flock -n /run/lock /opt/run',
    '@daily node other.js',
    '@daily node third.js',
    '@hourly sh -c "true"',
  ].join('\n')
  const { sightings } = readSource(machinesSource, text, 'crontab')
  assert.deepEqual(
    sightings.map(({ name }) => name),
    ['/usr/bin/python3 sync.py', '/opt/run', '/opt/run', 'node other.js', 'node third.js', 'sh'].map(
      (one) => `job ${one}`,
    ),
  )
  assert.equal(new Set(sightings.map(({ stableKey }) => stableKey)).size, sightings.length)
})

test('a folder of every machine says nothing of an environment', () => {
  const job = (program: string) =>
    readSource(machinesSource, `@daily ${program}`, 'crontab').sightings[0]?.environment?.value
  assert.deepEqual(['/usr/local/bin/x', '/home/a/.local/bin/x', '/opt/staging/x'].map(job), [
    undefined,
    undefined,
    'staging',
  ])
})

test('a file beside a service that gives it a user says that it is not root’s', () => {
  const given = { salt: 'a salt of some length', now: new Date('2026-09-01T00:00:00Z'), sources: [machinesSource] }
  const rulesWith = (user: string, of = 'app') =>
    scanDocuments(
      [
        { path: 'etc/systemd/system/app.service', text: unit() },
        { path: `etc/systemd/system/${of}.service.d/user.conf`, text: `[Service]\n${user}\n` },
      ],
      given,
    ).findings.filter(({ rule }) => rule === 'account/runs-as-root').length
  assert.equal(rulesWith('User=app'), 0)
  assert.equal(rulesWith('DynamicUser=yes'), 0)
  assert.equal(rulesWith('User=root'), 1)
  assert.equal(rulesWith('Restart=always'), 1)
  assert.equal(rulesWith('User=app', 'other'), 1)
})

test('lines of a crontab that are no job are counted', () => {
  const { sightings, problems } = readSource(machinesSource, '# x\nA=b\nrubbish here\n@daily /opt/x\n', 'crontab')
  assert.equal(sightings.length, 1)
  assert.deepEqual(problems, [{ path: 'crontab', reason: 'bad-line', detail: 'lines that are no job: 1', line: 3 }])
})

test('lines of keys that are no key are counted, and the others are read', () => {
  const { sightings, problems } = readSource(
    machinesSource,
    `ssh-rsa AAAA\n# x\n\nrubbish\n${KEY}\n`,
    'authorized_keys',
  )
  assert.equal(sightings.length, 1)
  assert.deepEqual(problems, [{ path: 'authorized_keys', reason: 'bad-line', detail: 'lines that are no key: 2' }])
})

test('what is no key, no job and no service is no identity, and hostile files end', () => {
  const nothing: [string, string][] = [
    ['authorized_keys', '# ssh-rsa AAAA\nssh-rsa AAAA...\nrubbish\n'],
    ['crontab', '# 0 3 * * * x\nA=b\nno job here\n'],
    ['x.service', '[Unit]\nDescription=x\n'],
    ['x.ldif', 'dn\n: x\n version: 1\n'],
    ['x.ldif', `dn: a\n${' x\n'.repeat(50_000)}`],
    ['crontab', `${'! '.repeat(100_000)}\n`],
  ]
  for (const [path, text] of nothing) assert.deepEqual(readSource(machinesSource, text, path).sightings, [], path)
})
