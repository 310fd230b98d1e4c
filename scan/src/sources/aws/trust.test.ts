import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCOUNT, allow, document, EC2, read, role, rulesOf, trusting } from '../../../test/aws-export.ts'

const GITHUB = { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com` }
const EKS = { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC` }
const github = (sub: string | undefined, operator = 'StringLike', aud = true) => {
  const audience = aud ? { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' } : {}
  const subject = sub === undefined ? {} : { 'token.actions.githubusercontent.com:sub': sub }
  return operator === 'StringEquals'
    ? { StringEquals: { ...audience, ...subject } }
    : { StringEquals: audience, [operator]: subject }
}

const TRUSTS: readonly [string, unknown, string[]][] = [
  ['a service of AWS', EC2, []],
  ['its own account', trusting({ AWS: ACCOUNT }), []],
  ['another account', trusting({ AWS: '444455556666' }), ['aws/external-account-without-id medium']],
  ['another account with an id', trusting({ AWS: '444455556666' }, { StringEquals: { 'sts:ExternalId': 'x' } }), []],
  [
    'an id of any kind',
    trusting({ AWS: '444455556666' }, { StringLike: { 'sts:ExternalId': '*' } }),
    ['aws/external-account-without-id medium'],
  ],
  [
    'an id if there is one',
    trusting({ AWS: '444455556666' }, { StringEqualsIfExists: { 'sts:ExternalId': 'x' } }),
    ['aws/external-account-without-id medium'],
  ],
  [
    'the pull requests of a repository',
    trusting(GITHUB, github('repo:acme/shop:pull_request', 'StringEquals')),
    ['aws/oidc-subject-pull-requests medium'],
  ],
  ['everybody', trusting('*'), ['aws/trust-everybody critical']],
  [
    'everybody, written out',
    trusting({ AWS: '*' }, { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
    ['aws/trust-everybody critical'],
  ],
  [
    'everybody but one',
    document({ Effect: 'Allow', NotPrincipal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' }),
    ['aws/trust-everybody critical'],
  ],
  [
    'everybody of an organisation',
    trusting('*', { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }),
    ['aws/trust-everybody-under-condition medium'],
  ],
  ...[
    { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } },
    { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '::/0'] } },
    { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/deploy' } },
    { StringLike: { 'aws:PrincipalOrgID': 'o-*' } },
  ].map((condition): [string, unknown, string[]] => [
    `everybody by ${JSON.stringify(condition)}`,
    trusting('*', condition),
    ['aws/trust-everybody critical'],
  ]),
  [
    'roles of one account, by a pattern',
    trusting('*', { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/*` } }),
    ['aws/trust-everybody-under-condition medium'],
  ],
  [
    'everybody may only pass tags on',
    document(
      { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' },
      { Effect: 'Allow', Principal: '*', Action: 'sts:TagSession' },
    ),
    [],
  ],
  ['a branch of a repository', trusting(GITHUB, github('repo:acme/shop:ref:refs/heads/main', 'StringEquals')), []],
  ['any ref of a repository', trusting(GITHUB, github('repo:acme/shop:*')), ['aws/oidc-subject-wildcard medium']],
  ['any repository', trusting(GITHUB, github('repo:*')), ['aws/oidc-subject-open critical']],
  ['owners that start alike', trusting(GITHUB, github('repo:acme*/shop:*')), ['aws/oidc-subject-open critical']],
  ['no subject', trusting(GITHUB, github(undefined)), ['aws/oidc-subject-missing critical']],
  [
    'no subject, by a negation',
    trusting(GITHUB, github('repo:evil/x', 'StringNotLike')),
    ['aws/oidc-subject-missing critical'],
  ],
  [
    'no subject, by a set that may be empty',
    trusting(GITHUB, github('repo:acme/x', 'ForAllValues:StringLike')),
    ['aws/oidc-subject-missing critical'],
  ],
  [
    'no audience',
    trusting(GITHUB, github('repo:acme/shop:environment:live', 'StringEquals', false)),
    ['aws/federation-audience-missing medium'],
  ],
  [
    'any pod of a cluster',
    trusting(EKS, { StringEquals: { 'oidc.eks.eu-west-1.amazonaws.com/id/ABC:aud': 'sts.amazonaws.com' } }),
    ['aws/oidc-subject-missing high'],
  ],
  [
    'users of a directory',
    trusting(
      { Federated: `arn:aws:iam::${ACCOUNT}:saml-provider/Okta` },
      { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
      'sts:AssumeRoleWithSAML',
    ),
    [],
  ],
  [
    'guests of an app',
    trusting(
      { Federated: 'cognito-identity.amazonaws.com' },
      {
        StringEquals: { 'cognito-identity.amazonaws.com:aud': 'p' },
        'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': 'unauthenticated' },
      },
    ),
    ['aws/unauthenticated-users high'],
  ],
  ['any certificate', trusting({ Service: 'rolesanywhere.amazonaws.com' }), ['aws/certificate-not-pinned medium']],
  ['somebody deleted', trusting({ AWS: 'AROAJ2UCCR6DPEXAMPLE1' }), ['aws/trusts-deleted-principal low']],
  ['a word', trusting({ AWS: 'nobody' }), ['aws/trust-not-understood low']],
  ['nobody, by a denial', document({ Effect: 'Deny', Principal: '*', Action: 'sts:AssumeRole' }), []],
]

for (const [name, trust, rules] of TRUSTS)
  test(`a role that trusts ${name} is judged for it`, () => {
    assert.deepEqual(rulesOf(...read({ RoleDetailList: [role('r', trust)] }).sightings), rules)
    const encoded = encodeURIComponent(JSON.stringify(trust))
    assert.deepEqual(rulesOf(...read({ Roles: [role('r', encoded)] }).sightings), rules, 'as the API sends it')
  })

test('an administrator whom strangers can become is the worst that there is', () => {
  assert.deepEqual(
    rulesOf(...read({ RoleDetailList: [role('r', trusting(GITHUB, github(undefined)), allow('*'))] }).sightings),
    ['aws/admin critical', 'aws/oidc-subject-missing critical'],
  )
})
