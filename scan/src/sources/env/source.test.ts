import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scannedFile } from '../../file.ts'
import { parseEnv } from './parse-env.ts'
import { envSource } from './source.ts'

const fileOf = (text: string, path: string) =>
  scannedFile({ path, repository: 'shop', repositoryPath: path }, Buffer.from(text))

const read = (text: string, path = 'api/.env.production') =>
  envSource.read(fileOf(text, path), {
    seal: (secret, as) => ({ ...as, fingerprint: String(secret.length).padStart(32, '0'), tail: '' }),
    now: new Date('2026-09-01T00:00:00Z'),
  })

test('the service that a file is for is an identity, with what it reaches and holds', () => {
  const { sightings } = read(
    'DATABASE_URL=postgres://app:q7Rt2xLp@db.internal:5432/shop\nMAIL_PASSWORD=q7Rt2xLp9Wz4Kd8Vn3\nCRM_URL=https://crm.internal/x?k=1\n',
  )
  const [sighting] = sightings
  assert.equal(sighting?.name, 'shop/api (.env.production)')
  assert.equal(sighting?.environment?.value, 'production')
  assert.deepEqual(
    sighting?.reaches.map(({ what }) => what),
    ['postgres://db.internal:5432/shop', 'https://crm.internal'],
  )
  assert.deepEqual(
    sighting?.traits.map(({ trait, detail, where }) => `${trait} ${detail} ${where.line}`),
    ['secret-in-settings MAIL_PASSWORD 2'],
  )
})

test('settings that prove and reach nothing are no identity', () => {
  assert.deepEqual(read('TZ=Etc/UTC\nLOG_LEVEL=debug\n').sightings, [])
})

test('values are read as programs read them: quoted, exported, commented, over several lines', () => {
  const { settings, badLines } = parseEnv(
    'A=1 # one\nexport B = "two # not a comment"\nC=\'x\ny\'\n\n# D=4\nE=a#b\nF="say \\"hi\\""\nG=\r\nH=`z`\n',
  )
  assert.deepEqual(badLines, [])
  assert.deepEqual(
    settings.map(({ name, value, line }) => [name, value, line]),
    [
      ['A', '1', 1],
      ['B', 'two # not a comment', 2],
      ['C', 'x\ny', 3],
      ['E', 'a#b', 7],
      ['F', 'say \\"hi\\"', 8],
      ['G', '', 9],
      ['H', 'z', 10],
    ],
  )
})

test('a line that is no assignment, or a quote that never ends, is named by its number and never by its text', () => {
  const { problems } = read('hunter2 is the password\nA="never closed\n')
  assert.deepEqual(problems, [
    { path: 'api/.env.production', reason: 'bad-line', detail: '2 lines are no assignment', line: 1 },
  ])
})

test('.env files are known by their names', () => {
  for (const path of ['.env', 'a/.env.local', 'prod.env', '.envrc', 'stack__.env'])
    assert.ok(envSource.wants(fileOf('', path)), path)
  for (const path of ['environment.ts', '.environment', 'env.ts', 'my-env.json'])
    assert.ok(!envSource.wants(fileOf('', path)), path)
})
