import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { devicesSource } from './source.ts'

const policy = (resource: string) =>
  JSON.stringify({
    policyName: 'p',
    policyArn: 'arn:aws:iot:eu-west-1:1:policy/p',
    policyDocument: JSON.stringify({ Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: resource }] }),
  })
const certificate = (status: string, notAfter: string) =>
  JSON.stringify({
    certificateDescription: {
      certificateArn: 'arn:aws:iot:eu-west-1:1:cert/abc',
      certificateId: 'abc',
      status,
      validity: { notBefore: '2026-08-01T00:00:00Z', notAfter },
    },
  })

const FACTS: readonly [string, string, string, string[]][] = [
  ['a password', 'mqtt/passwd', 'sensor:$7$101$c2FsdA==$aGFzaA==\n', []],
  ['a password of Argon2', 'mqtt/passwd', 'sensor:$argon2id$v=19$m=65536,t=1,p=1$c2FsdA$aGFzaA\n', []],
  ['a user of some topics', 'mqtt/acl.conf', 'user sensor\ntopic write site/1/temperature\ntopic read site/1/#\n', []],
  ['a user of every topic', 'mqtt/acl.conf', 'user sensor\ntopic #\n', ['account/broad-role high']],
  ['a user who reads every topic', 'mqtt/acl.conf', 'user sensor\ntopic read #\n', []],
  ['topics for anybody', 'mqtt/acl.conf', 'topic read site/#\n', ['account/no-password high']],
  ['statistics for anybody', 'mqtt/acl.conf', 'topic read $SYS/#\n', ['account/statistics-for-all low']],
  [
    'statistics and topics for anybody',
    'mqtt/acl.conf',
    'topic read $SYS/#\ntopic read site/#\n',
    ['account/no-password high'],
  ],
  ['statistics that anybody writes', 'mqtt/acl.conf', 'topic $SYS/#\n', ['account/no-password high']],
  ['all but statistics denied', 'mqtt/acl.conf', 'topic deny $SYS/#\n', []],
  [
    'a broker for anybody',
    'mqtt/mosquitto.conf',
    'listener 1883\nallow_anonymous true\n',
    ['account/no-password high'],
  ],
  [
    'a thing',
    'things.json',
    JSON.stringify({ things: [{ thingName: 't', thingArn: 'arn:aws:iot:eu-west-1:1:thing/t' }] }),
    [],
  ],
  ['a certificate that ends', 'cert.json', certificate('ACTIVE', '2027-06-01T00:00:00Z'), []],
  [
    'a certificate of many years',
    'cert.json',
    certificate('ACTIVE', '2049-12-31T23:59:59Z'),
    ['credential/without-end medium'],
  ],
  ['a certificate that was revoked', 'cert.json', certificate('REVOKED', '2049-12-31T23:59:59Z'), []],
  ['a policy of everything', 'policy.json', policy('*'), ['account/broad-role high']],
  [
    'a policy of its own topics',
    'policy.json',
    policy('arn:aws:iot:eu-west-1:1:topic/${iot:Connection.Thing.ThingName}'),
    [],
  ],
]

for (const [name, path, text, rules] of FACTS)
  test(`devices with ${name} give ${rules.length === 0 ? 'no finding' : rules.join(' and ')}`, () => {
    const { rulesFound, problems, related } = readSource(devicesSource, text, path)
    assert.deepEqual(problems, [])
    assert.equal(related.length, 1)
    assert.deepEqual(rulesFound, rules)
  })

test('what devices become by a role alias is reached, and an authority of certificates is told from a certificate', () => {
  const [alias] = readSource(
    devicesSource,
    JSON.stringify({
      roleAliasDescription: {
        roleAlias: 'fleet',
        roleAliasArn: 'arn:aws:iot:eu-west-1:1:rolealias/fleet',
        roleArn: 'arn:aws:iam::1:role/iot',
        credentialDurationSeconds: 3600,
      },
    }),
    'alias.json',
  ).sightings
  assert.deepEqual(
    [alias?.stableKey, alias?.evidence, alias?.reaches.map(({ what }) => what)],
    [
      'aws:arn:aws:iot:eu-west-1:1:rolealias/fleet',
      ['role alias of AWS IoT, for 3600 seconds'],
      ['aws arn:aws:iam::1:role/iot'],
    ],
  )
  const [authority] = readSource(
    devicesSource,
    JSON.stringify({
      certificateDescription: {
        ...{ certificateArn: 'arn:aws:iot:eu-west-1:1:cacert/abc', certificateId: 'abc', status: 'ACTIVE' },
        autoRegistrationStatus: 'ENABLE',
      },
    }),
    'ca.json',
  ).sightings
  assert.equal(authority?.name, 'certificate authority of devices abc')
  assert.match(authority?.evidence[0] ?? '', /registered at first sight/)
})

test('a password and the topics of one user are one identity; other files are left alone', () => {
  const keyOf = (text: string, path: string) => readSource(devicesSource, text, path).sightings[0]?.stableKey
  assert.equal(keyOf('sensor:$7$1$a$b\n', 'mqtt/passwd'), keyOf('user sensor\ntopic read a\n', 'mqtt/acl'))
  assert.equal(readSource(devicesSource, 'root:x:0:0:root:/root:/bin/sh\n', 'etc/passwd').isWanted, false)
  assert.equal(readSource(devicesSource, 'user app on nopass ~* +@all\n', 'users.acl').isWanted, false)
})
