import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCOUNT, allow, read, rulesOf, user } from '../../../test/aws-export.ts'

const HEADER =
  'user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated'
const KEYLESS = 'false,N/A,N/A,N/A,N/A'
const row = (name: string, password: string, mfa: string, key1 = KEYLESS, key2 = KEYLESS) =>
  `${name},arn:aws:iam::${ACCOUNT}:${name === '<root_account>' ? 'root' : `user/${name}`},2020-01-01T00:00:00+00:00,${password},N/A,N/A,N/A,${mfa},${key1},${key2},false,N/A,false,N/A`

test('a credential report tells machines from people, and old, unused and root keys', () => {
  const text = [
    HEADER,
    row(
      '<root_account>',
      'not_supported',
      'false',
      'true,2026-08-01T00:00:00+00:00,2026-08-30T00:00:00+00:00,us-east-1,s3',
    ),
    row('ci', 'false', 'false', 'true,2024-01-01T00:00:00+00:00,2026-08-30T00:00:00+00:00,us-east-1,s3'),
    row('old', 'false', 'false', 'true,2026-01-01T00:00:00+00:00,N/A,N/A,N/A'),
    row('ann', 'true', 'true'),
    row('bob', 'true', 'false', KEYLESS, 'true,2026-08-01T00:00:00+00:00,2026-08-30T00:00:00+00:00,us-east-1,s3'),
    'no row at all',
    '',
  ].join('\n')
  const { sightings, problems } = read(text, 'credential-report.csv')
  assert.deepEqual(
    sightings.map((one) => rulesOf(one)),
    [
      ['aws/root-access-key critical', 'aws/root-without-second-factor high', 'posture/high-risk critical'],
      ['aws/old-access-key high'],
      ['aws/old-access-key medium', 'aws/unused-access-key medium'],
      [],
      ['aws/password-without-second-factor medium', 'aws/person-with-access-key medium'],
    ],
  )
  assert.deepEqual(problems, [
    { path: 'credential-report.csv', reason: 'bad-line', detail: '1 lines are no row of a credential report', line: 7 },
  ])
  const api = { ReportFormat: 'text/csv', GeneratedTime: '2026-09-01', Content: Buffer.from(text).toString('base64') }
  assert.equal(read(api, 'report.json').sightings.length, 5, 'as the command line prints it')
})

test('what the report and the account say of one user is one identity, whose old key counts as an administrator’s', () => {
  const report = [
    HEADER,
    row('ci', 'false', 'false', 'true,2026-05-01T00:00:00+00:00,2026-08-30T00:00:00+00:00,us-east-1,s3'),
  ].join('\n')
  const drafts = [...read({ UserDetailList: [user('ci', allow('*'))] }).sightings, ...read(report, 'r.csv').sightings]
  assert.deepEqual(rulesOf(...drafts), ['aws/admin high', 'aws/old-access-key critical', 'posture/high-risk critical'])
})

test('keys that are listed are judged by their age and use, and no id of one is told', () => {
  const listed = read({
    AccessKeyMetadata: [
      { UserName: 'ci', AccessKeyId: 'AKIAIOSFODNN7EXAMPLE', Status: 'Active', CreateDate: '2024-01-01T00:00:00Z' },
    ],
  })
  assert.deepEqual(rulesOf(...listed.sightings), ['aws/old-access-key high'])
  assert.ok(!JSON.stringify(listed).includes('AKIA'))
  const used = read({
    UserName: 'ci',
    AccessKeyLastUsed: { LastUsedDate: '2025-01-01T00:00:00Z', ServiceName: 's3', Region: 'x' },
  })
  assert.deepEqual(rulesOf(...used.sightings), ['aws/unused-access-key medium'])
})
