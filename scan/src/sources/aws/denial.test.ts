import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCOUNT, allow, document, EC2, read, role, rulesOf, trusting, user } from '../../../test/aws-export.ts'

const ADMIN = ['aws/admin high']
const WAY = ['aws/privilege-escalation high']
const MAYBE = ['aws/privilege-escalation-on-some low']

const deny = (Action: unknown, Resource: unknown = '*', more: object = {}) => ({
  ...{ Effect: 'Deny', Action, Resource },
  ...more,
})
const NO_MFA = { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'false' } } }
const seen = (...statements: readonly unknown[]) => read({ UserDetailList: [user('a', ...statements)] }).sightings
const rules = (...statements: readonly unknown[]) => rulesOf(...seen(...statements))
const ROLES = `arn:aws:iam::${ACCOUNT}:role`

// What AWS's own evaluation ("how a request is evaluated within an account") says of each, written before the code.
const LABELS: readonly (readonly [string, readonly string[], readonly unknown[]])[] = [
  ['all but IAM is no administrator, and still changes code that runs under roles', WAY, [allow('*'), deny('iam:*')]],
  ['all but one of many ways to hand out rights is one', ADMIN, [allow('*'), deny('iam:AttachUserPolicy')]],
  ['a denial of everything leaves nothing', [], [allow('*'), deny('*')]],
  [
    'one of everything but reading leaves reading',
    [],
    [allow('*'), { Effect: 'Deny', NotAction: ['s3:Get*', 'ec2:Describe*'], Resource: '*' }],
  ],
  [
    'one of everything but IAM leaves all of IAM',
    ADMIN,
    [allow('*'), { Effect: 'Deny', NotAction: 'iam:*', Resource: '*' }],
  ],
  ['one under a condition takes nothing away', ADMIN, [allow('*'), deny('*', '*', NO_MFA)]],
  ['one on other resources takes nothing away', ADMIN, [allow('*'), deny('*', 'arn:aws:s3:::logs/*')]],
  [
    'one on every user, group, role and policy is one on all of IAM',
    [],
    [
      allow(['iam:Put*', 'iam:Attach*', 'iam:CreatePolicyVersion']),
      deny(
        'iam:*',
        ['user/*', 'group/*', 'role/*', 'policy/*'].map((what) => `arn:aws:iam::*:${what}`),
      ),
    ],
  ],
  [
    'one on the roles of another account leaves those of this one',
    WAY,
    [allow(['iam:PassRole', 'ec2:RunInstances']), deny('iam:PassRole', 'arn:aws:iam::999988887777:role/*')],
  ],
  [
    'one on the roles of this account leaves none to pass',
    [],
    [allow(['iam:PassRole', 'ec2:RunInstances']), deny('iam:PassRole', `${ROLES}/*`)],
  ],
  [
    'one on everything but some leaves these',
    MAYBE,
    [
      allow(['iam:PassRole', 'ec2:RunInstances']),
      { Effect: 'Deny', Action: 'iam:PassRole', NotResource: `${ROLES}/app-*` },
    ],
  ],
  [
    'one on everything but oneself leaves no way',
    [],
    [
      allow('iam:CreateAccessKey'),
      { Effect: 'Deny', Action: 'iam:*', NotResource: 'arn:aws:iam::*:user/$' + '{aws:username}' },
    ],
  ],
  [
    'one on all that is allowed leaves nothing',
    [],
    [
      allow('lambda:UpdateFunctionCode', 'arn:aws:lambda:eu-west-1:1:function:a'),
      deny('lambda:*', 'arn:aws:lambda:*:*:function:*'),
    ],
  ],
  [
    'one on some of what is allowed leaves the rest',
    MAYBE,
    [
      allow('lambda:UpdateFunctionCode', [
        'arn:aws:lambda:eu-west-1:1:function:a',
        'arn:aws:lambda:eu-west-1:1:function:b',
      ]),
      deny('lambda:*', 'arn:aws:lambda:*:*:function:a'),
    ],
  ],
  [
    'every role of the account, by its pattern, is every role',
    WAY,
    [allow('iam:PassRole', 'arn:aws:iam::*:role/*'), allow('ec2:RunInstances')],
  ],
]

for (const [what, found, statements] of LABELS) {
  test(`a denial in AWS: ${what}`, () => assert.deepEqual(rules(...statements), found))
}

test('a denial in a policy of a group, or in the boundary, takes away what a policy of the user gives', () => {
  const GROUP = {
    GroupName: 'limits',
    GroupPolicyList: [{ PolicyName: 'no-iam', PolicyDocument: document(deny('iam:*')) }],
  }
  const member = { ...user('a', allow('iam:CreateAccessKey')), GroupList: ['limits'] }
  assert.deepEqual(rulesOf(...read({ UserDetailList: [member], GroupDetailList: [GROUP] }).sightings), [])
  assert.deepEqual(bounded([allow('iam:CreateAccessKey')], allow('*'), deny('iam:*', 'arn:aws:iam::*:user/*')), [])
})

test('a managed policy whose document is not in the export is known where AWS has kept it, and denials narrow it as well', () => {
  const withAdmin = (...statements: readonly unknown[]) =>
    rulesOf(
      ...read({
        UserDetailList: [
          {
            ...user('a', ...statements),
            AttachedManagedPolicies: [
              { PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess', PolicyName: 'AdministratorAccess' },
            ],
          },
        ],
      }).sightings,
    )
  assert.deepEqual(withAdmin(allow('s3:GetObject')), ADMIN)
  assert.deepEqual(withAdmin(deny('*', '*', NO_MFA)), ADMIN)
  assert.deepEqual(withAdmin(deny('*')), [])
})

test('a boundary leaves what both it and a policy allow, on the resources that both name', () => {
  assert.deepEqual(bounded([allow('*')], allow('*')), ADMIN)
  assert.deepEqual(bounded([allow('*')], allow(['s3:*', 'dynamodb:*'])), [])
  assert.deepEqual(bounded([allow('*')], allow('*', 'arn:aws:s3:::x/*')), [])
  assert.deepEqual(
    bounded([allow(['iam:PassRole', 'ec2:RunInstances'])], allow('*', `${ROLES}/app-*`), allow('ec2:*')),
    MAYBE,
  )
  assert.deepEqual(
    bounded([allow('iam:CreateAccessKey', 'arn:aws:iam::*:user/x-*')], allow('*', 'arn:aws:iam::*:user/y-*')),
    [],
  )
  assert.deepEqual(
    bounded(
      [allow('iam:PutUserPolicy')],
      allow('*', '*', { Condition: { StringEquals: { 'iam:PermissionsBoundary': 'p' } } }),
    ),
    MAYBE,
  )
  assert.deepEqual(bounded([allow('iam:PutUserPolicy')], { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }), [])
  assert.deepEqual(bounded([allow('*')], allow('*'), { Effect: 'Deny', NotAction: 's3:*', Resource: '*' }), [])
})

const bounded = (own: readonly unknown[], ...statements: readonly unknown[]) => {
  const Arn = `arn:aws:iam::${ACCOUNT}:policy/edge`
  const UserDetailList = [{ ...user('a', ...own), PermissionsBoundary: { PermissionsBoundaryArn: Arn } }]
  const Policies = [{ Arn, PolicyVersionList: [{ IsDefaultVersion: true, Document: document(...statements) }] }]
  return rulesOf(...read({ UserDetailList, Policies }).sightings)
}

test('a denial is told in the evidence, and one under a condition is said to take nothing away', () => {
  const [sighting] = seen(allow('*'), deny('iam:AttachUserPolicy'), deny('s3:*', 'arn:aws:s3:::x/*', NO_MFA))
  assert.deepEqual(
    sighting?.evidence.filter((text) => text.includes('denies')),
    [
      'policy own denies iam:AttachUserPolicy',
      'policy own denies s3:* on arn:aws:s3:::x/*, but only if aws:multifactorauthpresent matches: it takes nothing away here',
    ],
  )
  const [way] = seen(allow('iam:CreateAccessKey'), deny('iam:*', '*', NO_MFA))
  assert.match(way?.traits[0]?.detail ?? '', /; policy own denies it if aws:multifactorauthpresent matches/)
})

test('what is denied, or outside the boundary, is not among what an identity reaches', () => {
  const reached = (...statements: readonly unknown[]) =>
    seen(...statements).flatMap(({ reaches }) =>
      reaches.map(({ what, access, because }) => `${what}: ${access}, ${because}`),
    )
  const IN = `in AWS account ${ACCOUNT}`
  assert.deepEqual(reached(allow(['s3:*', 'iam:*', 'sqs:SendMessage']), deny('iam:*')), [
    `s3 ${IN}: admin, policy own`,
    `sqs ${IN}: write, policy own`,
  ])
  assert.deepEqual(reached(allow(['s3:Get*', 's3:Put*']), deny('s3:Put*')), [`s3 ${IN}: read, policy own`])
  assert.deepEqual(reached(allow(['s3:Get*', 's3:Put*']), deny('s3:Put*', '*', NO_MFA)), [
    `s3 ${IN}: write, policy own`,
  ])
  assert.deepEqual(reached(allow('*'), deny(['iam:*', 'sts:*'])), [
    `every service ${IN}: admin, policy own, but not iam, sts`,
  ])
  assert.deepEqual(reached(allow('*'), { Effect: 'Deny', NotAction: ['s3:*', 'ec2:Describe*'], Resource: '*' }), [
    `s3 ${IN}: admin, policy own`,
    `ec2 ${IN}: read, policy own`,
  ])
})

test('to be denied every role of one’s own account leaves those of another', () => {
  const OTHER = 'arn:aws:iam::999988887777:role/deploy'
  const reaches = seen(allow('sts:AssumeRole', [OTHER, `${ROLES}/a`]), deny('sts:AssumeRole', `${ROLES}/*`)).flatMap(
    (one) => one.reaches.map(({ what }) => what),
  )
  assert.deepEqual(reaches, [`sts in AWS account ${ACCOUNT}`, OTHER])
})

test('a chain to an administrator ends where becoming the role is denied, though whoever else is not denied goes on', () => {
  const root = { AWS: `arn:aws:iam::${ACCOUNT}:root` }
  const chained = (boss: unknown, ...statements: readonly unknown[]) =>
    read({
      UserDetailList: [user('ci', ...statements), user('other', allow('sts:AssumeRole'))],
      RoleDetailList: [
        role('boss', trusting(boss), allow('*')),
        role('second', trusting(root), allow('*')),
        role('x', EC2),
      ],
    }).sightings.flatMap(({ name, traits }) =>
      traits.flatMap(({ trait, detail }) =>
        trait === 'aws:assume-chain' ? `${name.split(' ')[1]}: ${detail.split('/')[1]}` : [],
      ),
    )
  assert.deepEqual(chained(root, allow('sts:AssumeRole')), ['ci: boss', 'other: boss'])
  assert.deepEqual(chained(root, allow('sts:AssumeRole'), deny('sts:AssumeRole', `${ROLES}/boss`)), [
    'ci: second',
    'other: boss',
  ])
  assert.deepEqual(chained(root, allow('sts:AssumeRole'), deny('sts:AssumeRole', `${ROLES}/*`)), ['other: boss'])
  assert.deepEqual(chained(root, { Effect: 'Allow', Action: 'sts:AssumeRole', NotResource: `${ROLES}/boss` }), [
    'ci: second',
    'other: boss',
  ])
  const named = { AWS: `arn:aws:iam::${ACCOUNT}:user/ci` }
  assert.deepEqual(chained(named), ['ci: boss', 'other: second'], 'the trust alone is enough within one account')
  assert.deepEqual(chained(named, deny('sts:*')), ['other: second'])
})

test('a file that was made to take long ends soon, says so, and shows too much rather than too little', () => {
  const roles = (start: string) => Array.from({ length: 100 }, (_, at) => `${ROLES}/${start}*a*b*${at}`)
  const denials = Array.from({ length: 400 }, (_, at) => deny('*', roles(`y${at}`)))
  const made = read({ UserDetailList: [user('a', allow('iam:CreateAccessKey'), allow('*', roles('x')), ...denials)] })
  assert.match(made.problems[0]?.detail ?? '', /too many denials/)
  assert.deepEqual(rulesOf(...made.sightings), WAY)
  assert.deepEqual(read({ UserDetailList: [user('a', allow('*'), deny('iam:*', roles('x')))] }).problems, [])
})
