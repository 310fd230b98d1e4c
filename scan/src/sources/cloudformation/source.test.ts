import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { cloudformationSource } from './source.ts'

const read = (content: unknown, path = 'stack.yaml') => readSource(cloudformationSource, content, path)

const yaml = (...lines: readonly string[]) => ['Resources:', ...lines].join('\n')
const role = (principal: string, condition = '') =>
  yaml(
    '  Deploy:',
    '    Type: AWS::IAM::Role',
    '    Properties:',
    '      AssumeRolePolicyDocument:',
    '        Statement:',
    '          - Effect: Allow',
    '            Action: sts:AssumeRoleWithWebIdentity',
    `            Principal: ${principal}`,
    ...(condition === '' ? [] : [`            Condition: ${condition}`]),
  )
const GITHUB = '{ Federated: !Sub "arn:aws:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com" }'
const pins = (sub: string) =>
  `{ StringLike: { "token.actions.githubusercontent.com:sub": "${sub}", "token.actions.githubusercontent.com:aud": sts.amazonaws.com } }`
const ADMIN = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
const json = (resources: object) => ({ AWSTemplateFormatVersion: '2010-09-09', Resources: resources })
const SERVICE = {
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
}
const jsonRole = (more: object) => ({
  Type: 'AWS::IAM::Role',
  Properties: { AssumeRolePolicyDocument: SERVICE, ...more },
})

const FACTS: readonly [string, unknown, string[]][] = [
  ['a trust of one branch', role(GITHUB, pins('repo:acme/shop:ref:refs/heads/main')), []],
  ['a trust of any repository', role(GITHUB, pins('repo:*')), ['aws/oidc-subject-open critical']],
  ['a trust of its account', role('{ AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root" }'), []],
  [
    'a trust of another account',
    role('{ AWS: "arn:aws:iam::444455556666:root" }'),
    ['aws/external-account-without-id medium'],
  ],
  ['a trust of a parameter', `${role('{ AWS: !Ref Partner }')}\nParameters:\n  Partner: { Type: String }\n`, []],
  [
    'an inline policy',
    json({ R: jsonRole({ Policies: [{ PolicyName: 'p', PolicyDocument: ADMIN }] }) }),
    ['aws/admin high'],
  ],
  [
    'a policy by Ref',
    json({
      R: jsonRole({ ManagedPolicyArns: [{ Ref: 'P' }] }),
      P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: ADMIN } },
    }),
    ['aws/admin high'],
  ],
  [
    'a policy that names its roles',
    json({
      R: jsonRole({}),
      P: { Type: 'AWS::IAM::Policy', Properties: { PolicyName: 'p', PolicyDocument: ADMIN, Roles: [{ Ref: 'R' }] } },
    }),
    ['aws/admin high'],
  ],
  [
    'a policy of a group of its user',
    yaml(
      '  U:',
      '    Type: AWS::IAM::User',
      '    Properties:',
      '      Groups: [!Ref G]',
      '  G:',
      '    Type: AWS::IAM::Group',
      '    Properties:',
      '      ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]',
    ),
    ['aws/admin high'],
  ],
  [
    'a policy of AWS by Join',
    yaml(
      '  R:',
      '    Type: AWS::IAM::Role',
      '    Properties:',
      '      ManagedPolicyArns:',
      "        - !Join ['', ['arn:', !Ref AWS::Partition, ':iam::aws:policy/AdministratorAccess']]",
    ),
    ['aws/admin high'],
  ],
  [
    'a serverless function that may do everything',
    yaml(
      '  F:',
      '    Type: AWS::Serverless::Function',
      '    Properties:',
      '      Policies:',
      '        - AdministratorAccess',
      '        - DynamoDBCrudPolicy: { TableName: t }',
    ),
    ['aws/admin high'],
  ],
  [
    'an access key',
    json({ K: { Type: 'AWS::IAM::AccessKey', Properties: { UserName: 'bot' } } }),
    ['credential/made-by-code high'],
  ],
  [
    'a password that is written out',
    json({
      D: { Type: 'AWS::RDS::DBInstance', Properties: { MasterUsername: 'app', MasterUserPassword: 'Gr8-whale-song' } },
    }),
    ['settings/plain-secret high'],
  ],
  [
    'a password of a parameter',
    json({
      D: { Type: 'AWS::RDS::DBInstance', Properties: { MasterUsername: 'app', MasterUserPassword: { Ref: 'P' } } },
    }),
    [],
  ],
  [
    'a password of a secret manager',
    json({ D: { Type: 'AWS::RDS::DBInstance', Properties: { MasterUserPassword: '{{resolve:secretsmanager:x}}' } } }),
    [],
  ],
  [
    'a secret handed to a function',
    json({
      F: {
        Type: 'AWS::Lambda::Function',
        Properties: { Environment: { Variables: { API_TOKEN: 'Zq8xV2mN7pL4tR9wK3yB' } } },
      },
    }),
    ['settings/plain-secret high'],
  ],
  [
    'a function that everybody may call',
    json({ F: { Type: 'AWS::Lambda::Permission', Properties: { Principal: '*', Action: 'lambda:InvokeFunction' } } }),
    ['account/public high'],
  ],
]

for (const [name, content, rules] of FACTS)
  test(`a template with ${name} gives ${rules.length === 0 ? 'no finding' : rules.join(' and ')}`, () => {
    const { rulesFound, problems, isWanted } = read(content)
    assert.ok(isWanted)
    assert.deepEqual(problems, [])
    assert.deepEqual(rulesFound, rules)
  })

test('a function and the role that it acts with are told apart, each by its file and its logical id', () => {
  const { sightings } = read(
    json({
      R: jsonRole({ RoleName: 'runner' }),
      F: { Type: 'AWS::Lambda::Function', Properties: { Role: { 'Fn::GetAtt': ['R', 'Arn'] } } },
    }),
  )
  const [made, program] = sightings
  assert.equal(made?.name, 'role runner')
  assert.equal(program?.kind, 'service')
  assert.equal(`aws:${program?.reaches[0]?.what}`, made?.stableKey)
})

test('other files are left alone, and broken and hostile templates are named, never a crash', () => {
  assert.equal(read('Resources:\n  a: 1\n').isWanted, false)
  assert.equal(read('apiVersion: v1\nkind: Pod\nResources: { Type: x }\n').isWanted, false)
  assert.equal(read('{"Resources": {"A": {"Type": "AWS::IAM::Role",', 'a.json').problems[0]?.reason, 'bad-json')
  for (const odd of [
    '{"Resources": [{"Type": "AWS::IAM::Role"}]}',
    '{"Resources": {"A": {"Type": "AWS::IAM::Role", "Properties": {"Policies": 3, "Tags": [1, null], "AssumeRolePolicyDocument": [], "Groups": {"Ref": "A"}}}, "B": null}}',
    'Resources:\n  A: &a\n    Type: AWS::IAM::User\n    Properties: { Groups: [*a, *a], Policies: *a }\n',
  ])
    assert.deepEqual(read(odd).problems, [], odd)
})
