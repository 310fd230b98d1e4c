import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scannedFile } from '../../file.ts'
import { judge } from '../../posture/judge.ts'
import type { SightingDraft } from '../../source.ts'
import { composeSource } from './source.ts'

const NOW = new Date('2026-09-01T00:00:00Z')

const read = (text: string, path = 'compose.yaml') =>
  composeSource.read(scannedFile({ path, repository: 'shop', repositoryPath: path }, Buffer.from(text)), {
    seal: (secret, as) => ({ ...as, fingerprint: String(secret.length).padStart(32, '0'), tail: '' }),
    now: NOW,
  })

const judged = (sightings: readonly SightingDraft[]): string[] =>
  judge({
    sightings: sightings.map((draft) => ({
      ownerHint: null,
      ...draft,
      source: 'compose',
      repository: 'shop',
      alsoAt: [],
    })),
    now: NOW,
  })
    .filter(({ rule }) => rule !== 'posture/unowned')
    .map(({ rule, severity, where }) => `${rule} ${severity} ${where.line}`)
    .sort()

const rulesIn = (text: string): string[] => judged(read(text).sightings)

test('each service is an identity, and so is the database user that one creates', () => {
  const { sightings } = read(`
services:
  web:
    image: shop/web
    depends_on: [db]
    labels: { owner: crew }
  db:
    image: postgres
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: q7Rt2xLp9Wz4Kd8Vn3
`)
  assert.deepEqual(
    sightings.map(({ kind, name, stableKey, where }) => [kind, name, stableKey, where.line]),
    [
      ['service', 'shop/web', 'compose:shop:compose.yaml#web', 3],
      ['service', 'shop/db', 'compose:shop:compose.yaml#db', 7],
      ['account', 'shop at shop/db', 'account:compose:shop:compose.yaml#db/shop', 10],
    ],
  )
  assert.deepEqual(sightings[0]?.ownerHint, { value: 'crew', because: 'label owner' })
  assert.deepEqual(sightings[0]?.reaches, [{ what: 'service db', access: 'unknown', because: 'depends_on' }])
  assert.deepEqual(judged(sightings), ['settings/plain-secret high 11'])
})

const accountsIn = (image: string, ...environment: string[]): string[] =>
  read(
    `services:\n  d:\n    image: ${image}\n    environment: [${environment.map((line) => `"${line}"`).join(', ')}]\n`,
  )
    .sightings.filter(({ kind }) => kind === 'account')
    .map(({ name, where }) => `${name} ${where.line}`)

test('an account that always has the same name is seen by its password, given as it is or by a file', () => {
  const root = accountsIn('mariadb', 'MYSQL_USER=app', 'MYSQL_PASSWORD=x', 'MYSQL_ROOT_PASSWORD_FILE=/run/secrets/p')
  assert.deepEqual(root, ['app at shop/d 4', 'root at shop/d 4'])
  assert.deepEqual(accountsIn('postgres:16', 'POSTGRES_PASSWORD=x'), ['postgres at shop/d 4'])
  assert.deepEqual(accountsIn('shop/web', 'POSTGRES_PASSWORD=x'), [])
  assert.deepEqual(accountsIn('azure-sql-edge', 'SA_PASSWORD=x'), ['sa at shop/d 4'])
  assert.deepEqual(accountsIn('shop/web', 'SA_PASSWORD=x'), [])
  assert.deepEqual(accountsIn('grafana/grafana', 'GF_SECURITY_ADMIN_PASSWORD=x'), ['admin at shop/d 4'])
})

test('a client of a database makes no account, and its password is judged even so', () => {
  for (const [host, user] of [
    ['POSTGRES_HOST', 'POSTGRES'],
    ['MYSQL_HOST', 'MYSQL'],
    ['MARIADB_HOST', 'MARIADB'],
  ] as const) {
    const environment = [`${host}=db`, `${user}_USER=zebra`, `${user}_PASSWORD=zebra`]
    assert.deepEqual(accountsIn('shop/web', ...environment), [], host)
    const text = `services:\n  d:\n    image: shop/web\n    environment: [${environment}]\n`
    assert.deepEqual(rulesIn(text), ['settings/guessable-password medium 4'], host)
  }
})

test('a password is judged where only the environment knows whose it is', () => {
  const text = `services:\n  d:\n    image: postgres\n    environment: ["POSTGRES_USER=\${U}", POSTGRES_PASSWORD=q7Rt2xLp9Wz4Kd8Vn3]\n`
  assert.deepEqual(rulesIn(text), ['settings/plain-secret high 4'])
})

test('an agent and a bot are told from a service by their names', () => {
  const { sightings } = read(
    'services:\n  report-agent: {image: a}\n  chat:\n    image: acme/chat-bot\n  magenta: {image: b}\n',
  )
  assert.deepEqual(
    sightings.map(({ kind }) => kind),
    ['agent', 'bot', 'service'],
  )
})

test('passwords are judged in both forms of environment, also as the default of a variable', () => {
  assert.deepEqual(rulesIn('services:\n  a:\n    image: x\n    environment:\n      - DB_PASSWORD=postgres\n'), [
    'settings/guessable-password medium 5',
  ])
  assert.deepEqual(
    rulesIn(`services:\n  a:\n    image: x\n    environment:\n      DB_PASSWORD: \${DB_PASSWORD:-changeme}\n`),
    ['settings/guessable-password medium 5'],
  )
  for (const safe of [`\${DB_PASSWORD}`, `\${DB_PASSWORD:?missing}`, '/run/secrets/db']) {
    assert.deepEqual(rulesIn(`services:\n  a:\n    image: x\n    environment:\n      DB_PASSWORD: ${safe}\n`), [], safe)
  }
})

test('a password on the line that starts or checks a container is found, in words or as a text for a shell', () => {
  const secret = 'q7Rt2xLp9Wz4Kd8Vn3'
  const lines = [
    `command: redis-server --requirepass ${secret}`,
    `command: ["redis-server", "--requirepass", "${secret}"]`,
    `command: ["sh", "-c", "exec app --api-key=${secret}"]`,
    `entrypoint: app --token '${secret}'`,
    `healthcheck: { test: ["CMD-SHELL", "mysqladmin ping -p${secret}"] }`,
  ]
  for (const line of lines)
    assert.deepEqual(rulesIn(`services:\n  a:\n    image: x\n    ${line}\n`), ['settings/plain-secret high 4'], line)
  for (const line of ['command: redis-server --requirepass $$PASSWORD', 'command: app --port 80 -p 8080:80'])
    assert.deepEqual(rulesIn(`services:\n  a:\n    image: x\n    ${line}\n`), [], line)
})

test('the password that is the user’s own name is guessable', () => {
  const text = 'services:\n  d:\n    image: mysql\n    environment: [MYSQL_USER=zebra, MYSQL_PASSWORD=zebra]\n'
  assert.deepEqual(rulesIn(text), ['settings/guessable-password medium 4'])
})

test('what gives a container its host is found in the short and the long form', () => {
  const text = `
services:
  a:
    image: x
    privileged: true
    network_mode: host
    cap_add: [SYS_ADMIN]
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
  b:
    image: y
    volumes:
      - type: bind
        source: /var/run/docker.sock
        target: /s
`
  assert.deepEqual(rulesIn(text), [
    'compose/engine-socket critical 13',
    'compose/engine-socket critical 9',
    'compose/host-namespace medium 6',
    'compose/privileged high 5',
    'compose/strong-capability medium 7',
  ])
})

test('a store that listens on every address is found, one bound to this machine or a web port is not', () => {
  const ports = (value: string) => rulesIn(`services:\n  a:\n    image: x\n    ports: [${value}]\n`)
  for (const open of [
    '"5432:5432"',
    '5432',
    '"0.0.0.0:6379:6379/tcp"',
    '"[::]:9200:9200"',
    `"\${PORT}:3306"`,
    '{target: 27017, published: 27017}',
  ]) {
    assert.deepEqual(ports(open), ['compose/published-to-all medium 4'], open)
  }
  for (const fine of ['"127.0.0.1:5432:5432"', '"8080:80"', '"443:443"', '{target: 5432}', '"nonsense"']) {
    assert.deepEqual(ports(fine), [], fine)
  }
})

test('authentication that is switched off, and one file of secrets for several services, are found', () => {
  const text = `
services:
  a:
    image: postgres
    env_file: common.env
    environment: { POSTGRES_HOST_AUTH_METHOD: trust }
  b:
    image: x
    env_file:
      - path: common.env
`
  assert.deepEqual(rulesIn(text), ['compose/shared-env-file low 5', 'settings/no-authentication high 6'])
})

test('anchors and merge keys are followed', () => {
  const text = 'x-base: &base\n  image: x\n  privileged: true\nservices:\n  a:\n    <<: *base\n'
  assert.deepEqual(rulesIn(text), ['compose/privileged high 3'])
})

test('a compose file without services is named; other YAML is none of this source’s business', () => {
  assert.equal(read('volumes: {}\n').problems[0]?.reason, 'not-a-compose-file')
  assert.deepEqual(read('services: { a: 1 }\n', 'other.yaml'), { sightings: [], problems: [] })
})
