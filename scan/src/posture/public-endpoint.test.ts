import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCOUNT, allow, user } from '../../test/aws-export.ts'
import { readSource } from '../../test/read-source.ts'
import { credentialTrait, LIMITED_TO_NETWORKS } from '../exports/credential-fact.ts'
import { scannedFile } from '../file.ts'
import { mergeSightings } from '../merge-sightings.ts'
import { awsSource } from '../sources/aws/source.ts'
import { oktaSource } from '../sources/okta/source.ts'
import { judge } from './judge.ts'
import { meaningsOf } from './meaning.ts'

const NOW = new Date('2026-09-01T00:00:00Z')
const COLUMNS =
  'user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date'
const row = (name: string, isActive = true) =>
  `${name},arn:aws:iam::${ACCOUNT}:${name === '<root_account>' ? 'root' : `user/${name}`},2020-01-01T00:00:00+00:00,false,true,${isActive},2021-09-01T00:00:00+00:00,2026-08-30T00:00:00+00:00`

const seal = () => {
  throw new Error('no secret is here')
}
/** Who of an AWS account is in the report of what is at high risk. */
const atHighRisk = (users: readonly object[], rows: readonly string[]): readonly string[] => {
  const drafts = [
    { name: 'report.csv', text: [COLUMNS, ...rows].join('\n') },
    { name: 'account.json', text: JSON.stringify({ UserDetailList: users, RoleDetailList: [], GroupDetailList: [] }) },
  ].flatMap(({ name, text }) => {
    const file = scannedFile({ path: name, repository: 'estate', repositoryPath: name }, Buffer.from(text))
    assert.ok(awsSource.wants(file), name)
    return awsSource.read(file, { seal, now: NOW }).sightings
  })
  const sightings = mergeSightings(
    drafts.map((draft) => ({ source: awsSource.name, draft })),
    new Map(),
  )
  return judge({ sightings, now: NOW })
    .filter(({ rule }) => rule === 'posture/high-risk')
    .map(({ sighting }) => sighting.replace(/^.*[:/]/, ''))
    .sort()
}

const denying = (Condition: object, what: object = { Action: '*', Resource: '*' }) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: '*', Resource: '*' },
    { Effect: 'Deny', ...what, Condition },
  ],
})
const allowing = (Condition: object) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*', Condition }],
})
const admin = (name: string, PolicyDocument: object) => ({
  ...{ UserName: name, Arn: `arn:aws:iam::${ACCOUNT}:user/${name}` },
  UserPolicyList: [{ PolicyName: 'all', PolicyDocument }],
})

test('a key of the root user and an old key of an administrator are at high risk: they work from anywhere', () => {
  const users = [user('boss', allow('*')), user('reader', allow('s3:GetObject')), user('off', allow('*'))]
  const rows = [row('<root_account>'), row('boss'), row('reader'), row('off', false)]
  assert.deepEqual(atHighRisk(users, rows), ['boss', 'root'])
})

test('a key that AWS takes from some networks only is no way in from the internet; one with a way round is', () => {
  const office = { 'aws:SourceIp': '203.0.113.0/24' }
  const elsewhere = { NotIpAddress: office }
  const cases: readonly (readonly [string, object, boolean])[] = [
    ['denied-elsewhere', denying(elsewhere), false],
    ['but-for-aws', denying({ ...elsewhere, Bool: { 'aws:ViaAWSService': 'false' } }), false],
    ['denied-outside-vpc', denying({ StringNotEquals: { 'aws:SourceVpc': ['vpc-1'] } }), false],
    ['denied-some', denying(elsewhere, { Action: 's3:*', Resource: '*' }), true],
    ['denied-some-where', denying(elsewhere, { Action: '*', Resource: 'arn:aws:s3:::one/*' }), true],
    ['denied-without-mfa', denying({ Bool: { 'aws:MultiFactorAuthPresent': 'false' } }), true],
    ['two-conditions', denying({ ...elsewhere, Bool: { 'aws:MultiFactorAuthPresent': 'false' } }), true],
    ['denied-there', denying({ IpAddress: office }), true],
    ['all-addresses', denying({ NotIpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '0.0.0.0/0'] } }), true],
    [
      'some-are-free',
      {
        ...denying({}),
        Statement: [...allowing({ IpAddress: office }).Statement, ...denying({}).Statement.slice(0, 1)],
      },
      true,
    ],
  ]
  for (const [name, document, isAtRisk] of cases)
    assert.deepEqual(atHighRisk([admin(name, document)], [row(name)]), isAtRisk ? [name] : [], name)
})

test('a condition on each grant limits a key as well, but not one that is met where the network is not told', () => {
  const isReachable = (Condition: object) => {
    const { sightings } = readSource(awsSource, { UserDetailList: [admin('ci', allowing(Condition))] }, 'account.json')
    return !sightings.some(({ traits }) => traits.some(({ trait }) => trait === LIMITED_TO_NETWORKS))
  }
  assert.equal(isReachable({ IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }), false)
  assert.equal(isReachable({ StringEquals: { 'aws:SourceVpce': 'vpce-1' } }), false)
  assert.equal(isReachable({ StringEqualsIfExists: { 'aws:SourceVpce': 'vpce-1' } }), true)
  assert.equal(isReachable({ StringLike: { 'aws:SourceVpc': '*' } }), true)
})

test('an API token of Okta is at high risk, unless Okta takes it from a zone only', () => {
  const found = (network: object) =>
    readSource(
      oktaSource,
      [{ id: 't', name: 'ci', userId: 'u', tokenWindow: 'P30D', created: '2026-08-01T00:00:00Z', network }],
      'okta.json',
    ).rulesFound.filter((rule) => rule.startsWith('posture/high-risk'))
  assert.deepEqual(found({ connection: 'ANYWHERE' }), ['posture/high-risk critical'])
  assert.deepEqual(found({}), ['posture/high-risk critical'])
  assert.deepEqual(found({ connection: 'ZONE', include: ['nzo1'] }), [])
  assert.deepEqual(found({ connection: 'ZONE', exclude: ['nzo1'] }), ['posture/high-risk critical'])
})

test('a credential is reachable where a vendor has its API on the internet, and only if nothing ends it', () => {
  const where = { path: 'export.json', line: 1, repository: '', inRepository: 'export.json' }
  const isReachable = (source: string, endsOn: string) => {
    const listed = credentialTrait({ name: 'key', madeOn: '', usedOn: '', endsOn }, where)
    return meaningsOf({ source, traits: [listed] }).has('reachable')
  }
  for (const source of ['github', 'gcp', 'azure', 'okta', 'services']) assert.ok(isReachable(source, 'never'), source)
  for (const source of ['databases', 'machines', 'secret-stores']) assert.ok(!isReachable(source, 'never'), source)
  assert.ok(!isReachable('github', '2026-10-01'))
})
