import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { databasesSource } from './source.ts'

const PG = 'rolname,rolsuper,rolcreaterole,rolcanlogin,rolvaliduntil\n'
const MYSQL = 'Host,User,Super_priv,Grant_priv,plugin,authentication_string,account_locked,password_last_changed\n'
const SECRET = 'Zq8xV2mN7pL4tR9wK3yB'
const PLAIN = ['settings/plain-secret high']
const NEVER = 'credential/without-end medium'

const FACTS: readonly [string, string, string, string[]][] = [
  ['a role with an end', 'roles.csv', `${PG}app,f,f,t,2026-12-01 00:00:00+00\n`, []],
  ['a role without one', 'roles.csv', `${PG}app,f,f,t,\n`, [NEVER]],
  ['a superuser', 'roles.csv', `${PG}app,t,t,t,2026-12-01\n`, ['account/superuser high']],
  [
    'a role that makes roles',
    'roles.json',
    JSON.stringify([
      { rolname: 'app', rolsuper: false, rolcreaterole: true, rolcanlogin: true, rolvaliduntil: '2026-12-01' },
    ]),
    ['account/becomes-others high'],
  ],
  [
    'a role that may become a superuser',
    'roles.json',
    JSON.stringify([{ rolname: 'app', rolcanlogin: true, rolvaliduntil: '2026-12-01', rolbecomessuper: 'root' }]),
    ['account/becomes-others high'],
  ],
  [
    'a dump of roles',
    'roles.sql',
    "-- dump\nCREATE ROLE app;\nALTER ROLE app WITH SUPERUSER NOCREATEROLE LOGIN PASSWORD 'x;''y' VALID UNTIL '2026-12-01';\n",
    ['account/superuser high'],
  ],
  [
    'a dump that takes it back',
    'roles.sql',
    "CREATE ROLE app SUPERUSER LOGIN;\nALTER ROLE app NOSUPERUSER VALID UNTIL '2026-12-01';\n",
    [],
  ],
  ['a user of MySQL', 'users.csv', `${MYSQL}10.0.0.%,app,N,N,caching_sha2_password,x,N,2026-08-01\n`, []],
  [
    'a user of MySQL from anywhere without a password',
    'users.csv',
    `${MYSQL}%,app,N,Y,mysql_native_password,,N,2026-08-01\n`,
    ['account/becomes-others high', 'account/from-anywhere low', 'account/no-password high'],
  ],
  [
    'a user of MySQL by the socket',
    'users.json',
    JSON.stringify([
      { Host: 'localhost', User: 'root', Super_priv: 'Y', plugin: 'auth_socket', authentication_string: '' },
    ]),
    ['account/superuser high'],
  ],
  [
    'a statement of MySQL',
    'init.sql',
    "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'x';\n",
    ['account/from-anywhere low'],
  ],
  [
    'a dump with a password in the clear',
    'roles.sql',
    `CREATE ROLE app LOGIN PASSWORD '${SECRET}' VALID UNTIL '2026-12-01';`,
    PLAIN,
  ],
  [
    'a dump with hashes of passwords',
    'roles.sql',
    `CREATE ROLE app LOGIN PASSWORD 'md50123456789abcdef0123456789abcdef' VALID UNTIL '2026-12-01';`,
    [],
  ],
  ['a statement of MySQL with a password', 'init.sql', `CREATE USER 'app'@'db' IDENTIFIED BY '${SECRET}';\n`, PLAIN],
  ['a user of Redis with a password in the clear', 'users.acl', `user app on >${SECRET} ~app:* +get\n`, PLAIN],
  ['a user of Redis', 'users.acl', 'user app on #abc ~app:* -@all +get +set\n', []],
  ['a user of Redis that may do everything', 'users.acl', 'user app on #abc ~* &* +@all\n', ['account/superuser high']],
  ['a user of Redis without what is dangerous', 'users.acl', 'user app on #abc ~* +@all -@admin\n', []],
  [
    'the first user of Redis',
    'users.acl',
    'user default on nopass sanitize-payload ~* &* +@all\n',
    ['account/no-password high', 'account/superuser high'],
  ],
]

for (const [name, path, text, rules] of FACTS)
  test(`a database with ${name} gives ${rules.length === 0 ? 'no finding' : rules.join(' and ')}`, () => {
    const { rulesFound, problems, related } = readSource(databasesSource, text, path)
    assert.deepEqual(problems, [])
    assert.equal(related.length, 1)
    assert.deepEqual(rulesFound, rules)
  })

test('those who cannot sign in are left out, other tables and statements are left alone, lost rows are named', () => {
  for (const [path, text] of [
    ['roles.csv', `${PG}pg_monitor,f,f,f,\nteam,f,f,f,\n`],
    ['users.csv', `${MYSQL}localhost,mysql.sys,N,N,x,y,Y,\n%,old,Y,Y,x,y,Y,\n`],
    ['users.acl', 'user app off nopass ~* +@all\n'],
    ['a.sql', 'CREATE ROLE team;\nCREATE ROLE other NOLOGIN;\n'],
    ['a.sql', 'SELECT 1; /* CREATE ROLE app LOGIN */ -- CREATE USER x\n'],
    ['a.sql', `CREATE USER '${"'".repeat(100_001)}`],
  ] as const)
    assert.deepEqual(readSource(databasesSource, text, path).sightings, [], text.slice(0, 60))
  assert.equal(readSource(databasesSource, 'host,user\na,b\n', 'hosts.csv').isWanted, false)
  assert.equal(readSource(databasesSource, `${PG}cut,t\n`, 'roles.csv').problems[0]?.reason, 'bad-line')
})

test('a listing that names its server gives one key, whatever the file is called', () => {
  const keys = ['a.json', 'b.json'].map((path) => {
    const rows = [{ server: 'db.example:5432', rolname: 'app', rolcanlogin: true }]
    return readSource(databasesSource, rows, path).sightings[0]?.stableKey
  })
  assert.deepEqual(keys, ['postgresql:db.example:5432#app', 'postgresql:db.example:5432#app'])
})
