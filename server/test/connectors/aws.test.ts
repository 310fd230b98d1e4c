import assert from 'node:assert/strict'
import { findingRules, openLive } from '../live.ts'
import { onEveryEngine } from '../room.ts'
import { type FakeVendor, passesSuite, type Reply, startVendor, type VendorRequest } from './fake-vendor.ts'
import { tagsAreWritten } from './tags-are-written.ts'

// The query API of IAM (2010-05-08) as its reference has it: XML, and a marker for the next page.

const ACCOUNT = '111122223333'
const arn = (rest: string): string => `arn:aws:iam::${ACCOUNT}:${rest}`
const DATE = '2026-01-01T00:00:00Z'
const trust = encodeURIComponent(
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
  }),
)
const all = encodeURIComponent(
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }),
)

interface Estate {
  users: string[]
  roles: string[]
  /** Of every role. */
  tags?: Record<string, string>
}

const userXml = (name: string): string =>
  `<member><UserName>${name}</UserName><Arn>${arn(`user/${name}`)}</Arn><Path>/</Path><UserId>AIDA${name}</UserId>
   <CreateDate>${DATE}</CreateDate><AttachedManagedPolicies><member><PolicyName>everything</PolicyName>
   <PolicyArn>${arn('policy/everything')}</PolicyArn></member></AttachedManagedPolicies></member>`
const roleXml = (name: string, tags: Record<string, string>): string =>
  `<member><RoleName>${name}</RoleName><Arn>${arn(`role/${name}`)}</Arn><Path>/</Path><RoleId>AROA${name}</RoleId>
   <CreateDate>${DATE}</CreateDate><AssumeRolePolicyDocument>${trust}</AssumeRolePolicyDocument>
   <Tags>${Object.entries(tags)
     .map(([key, value]) => `<member><Key>${key}</Key><Value>${value}</Value></member>`)
     .join('')}</Tags></member>`
const policiesXml = `<member><PolicyName>everything</PolicyName><Arn>${arn('policy/everything')}</Arn><AttachmentCount>1</AttachmentCount>
   <DefaultVersionId>v1</DefaultVersionId><PolicyVersionList><member><Document>${all}</Document><VersionId>v1</VersionId>
   <IsDefaultVersion>true</IsDefaultVersion></member></PolicyVersionList></member>`

const answered = (action: string, result: string): Reply => ({
  headers: { 'content-type': 'text/xml' },
  body: `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${action}Result>${result}</${action}Result>
    <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${action}Response>`,
})

const actionOf = ({ body }: VendorRequest): string => new URLSearchParams(body).get('Action') ?? ''
const isSecondPage = ({ body }: VendorRequest): boolean => new URLSearchParams(body).has('Marker')

const reportOf = ({ users }: Estate): string =>
  [
    'user,arn,user_creation_time,password_enabled,password_last_used,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date',
    ...users.map((name) => `${name},${arn(`user/${name}`)},${DATE},false,N/A,false,true,2024-01-01T00:00:00Z,N/A`),
  ].join('\n')

/** Users on the first page, roles and policies on the second; the report is ready when it is asked for a second time. */
const fakeIam = (estate: Estate): FakeVendor => {
  let asked = 0
  return {
    vendor: 'aws',
    secret: JSON.stringify({ accessKeyId: 'AKIATEST', secretAccessKey: 'not a real one' }),
    settings: (url) => ({ endpoint: url }),
    partOf: (request) => {
      if (actionOf(request) !== 'GetAccountAuthorizationDetails') return 'credential-report'
      return isSecondPage(request) ? 'authorization' : 'first page'
    },
    answer: (request) => {
      const action = actionOf(request)
      if (action === 'GenerateCredentialReport')
        return answered(action, `<State>${++asked % 2 === 0 ? 'COMPLETE' : 'STARTED'}</State>`)
      if (action === 'GetCredentialReport')
        return answered(
          action,
          `<Content>${Buffer.from(reportOf(estate)).toString('base64')}</Content><ReportFormat>text/csv</ReportFormat>`,
        )
      const list = (name: string, members: string) => `<${name}>${members}</${name}>`
      return answered(
        action,
        isSecondPage(request)
          ? `${list('RoleDetailList', estate.roles.map((name) => roleXml(name, estate.tags ?? {})).join(''))}${list('Policies', policiesXml)}<IsTruncated>false</IsTruncated>`
          : `${list('UserDetailList', estate.users.map(userXml).join(''))}<IsTruncated>true</IsTruncated><Marker>next</Marker>`,
      )
    },
  }
}

onEveryEngine(
  'an account of AWS: pages, requests to wait, a right that lacks, an answer that is cut',
  async (room, t) => {
    const estate = { users: ['deploy', 'nightly'], roles: ['reader', 'writer'] }
    const { live, vendor } = await passesSuite(room, t, {
      fake: fakeIam(estate),
      keys: ['user/deploy', 'user/nightly', 'role/reader', 'role/writer'].map((each) => `aws:${arn(each)}`),
      part: 'authorization',
      needs: /\(403\): it takes iam:GetAccountAuthorizationDetails/,
      waits: [7, 2],
      takeAway: { key: `aws:${arn('role/writer')}`, act: () => void estate.roles.pop() },
    })
    const rules = await findingRules(live, `aws:${arn('user/deploy')}`)
    const keys = ['aws/old-access-key', 'aws/unused-access-key']
    assert.deepEqual(rules, ['aws/admin', ...keys, 'posture/high-risk', 'posture/unowned'])
    assert.match(String(vendor.asked[0]?.headers.authorization), /^AWS4-HMAC-SHA256 Credential=AKIATEST\//)
  },
)

onEveryEngine(
  'a word of AWS for too many calls is waited for, and one for a wrong key is told as that',
  async (room, t) => {
    const estate = { users: ['deploy'], roles: ['reader'] }
    const fake = fakeIam(estate)
    const errors = ['Throttling', 'Throttling']
    const vendor = await startVendor(t, {
      ...fake,
      answer: (request, url) => {
        const code = errors.shift()
        if (code === undefined) return fake.answer(request, url)
        const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`
        return { status: 400, headers: { 'content-type': 'text/xml' }, body }
      },
    })
    const live = await openLive(room)
    const input = { name: 'live', vendor: 'aws', settings: fake.settings(vendor.url), secret: fake.secret }
    await live.call('inventory.connector.add', input)
    assert.equal((await live.run('live')).outcome, 'complete')
    assert.deepEqual(live.waited.slice(0, 2), [2, 4], 'longer each time')
    errors.push('InvalidClientTokenId', 'InvalidClientTokenId')
    const wrong = await live.run('live')
    assert.equal(wrong.outcome, 'failed')
    assert.deepEqual(
      new Set(wrong.gaps.map(({ why }: { why: string }) => why)),
      new Set(['its credential was not accepted (401)']),
    )
  },
)

onEveryEngine('tags of roles are proposed or written as the mode says, each on record', async (room, t) => {
  const tags: Record<string, string> = { cost: '42' }
  const fake = fakeIam({ users: [], roles: ['writer'], tags })
  await tagsAreWritten(room, t, {
    fake: {
      ...fake,
      partOf: (request) => (actionOf(request) === 'TagRole' ? 'tag' : fake.partOf(request)),
      answer: (request, url) => {
        if (actionOf(request) !== 'TagRole') return fake.answer(request, url)
        const form = new URLSearchParams(request.body)
        assert.equal(form.get('RoleName'), 'writer')
        for (let at = 1; form.has(`Tags.member.${at}.Key`); at++)
          tags[form.get(`Tags.member.${at}.Key`) ?? ''] = form.get(`Tags.member.${at}.Value`) ?? ''
        return {
          headers: { 'content-type': 'text/xml' },
          body: '<TagRoleResponse><ResponseMetadata/></TagRoleResponse>',
        }
      },
    },
    key: `aws:${arn('role/writer')}`,
    tags: () => tags,
    own: (name) => `reeve.${name}`,
    set: (tag, value) => {
      tags[tag] = value
    },
    writes: 'tag',
  })
})
