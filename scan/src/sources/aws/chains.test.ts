import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCOUNT, allow, document, EC2, read, role, rulesOf, trusting, user } from '../../../test/aws-export.ts'

const userArn = (name: string) => `arn:aws:iam::${ACCOUNT}:user/${name}`
const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`
const deny = (Action: unknown, Resource: unknown) => ({ Effect: 'Deny', Action, Resource })
const ROOT = trusting({ AWS: `arn:aws:iam::${ACCOUNT}:root` })

const chains = (account: object): Record<string, string> =>
  Object.fromEntries(
    read(account).sightings.flatMap(({ name, traits }) =>
      traits.flatMap(({ trait, detail }) =>
        trait === 'aws:assume-chain' ? [[name.split(' ')[1] ?? '', detail.replaceAll(/arn:[^ ,]*\//g, '')]] : [],
      ),
    ),
  )

test('who can make a key or a password for an administrator is told as one who becomes it, high and no more low', () => {
  for (const action of ['iam:CreateAccessKey', 'iam:CreateLoginProfile', 'iam:UpdateLoginProfile']) {
    const account = { UserDetailList: [user('ci', allow(action, userArn('boss'))), user('boss', allow('*'))] }
    assert.deepEqual(chains(account), { ci: `boss by ${action}, policy own` })
    const [ci] = read(account).sightings
    assert.ok(ci)
    assert.deepEqual(rulesOf(ci), ['aws/role-chain-to-admin high'])
  }
})

test('a chain goes over users and roles, each hop with its way, and ends at who can give itself more', () => {
  const account = {
    UserDetailList: [
      user('a', allow('iam:CreateAccessKey', userArn('b'))),
      user('b', allow('sts:AssumeRole', roleArn('c'))),
    ],
    RoleDetailList: [role('c', ROOT, allow('iam:CreatePolicyVersion'))],
  }
  const end =
    'c, which can give itself more (policy-version: writes a new version of a policy that it has, iam:CreatePolicyVersion)'
  assert.deepEqual(chains(account), { a: `b by iam:CreateAccessKey, policy own, then ${end}`, b: end })
})

test('three hops lead over a trust that can be written and a role that can be passed to a service that it trusts', () => {
  const lambda = trusting({ Service: 'lambda.amazonaws.com' })
  const account = (trust: unknown) => ({
    UserDetailList: [
      user('a', allow('iam:UpdateLoginProfile', userArn('b*'))),
      user('b', allow('iam:UpdateAssumeRolePolicy', roleArn('c'))),
    ],
    RoleDetailList: [
      role('c', EC2, allow('iam:PassRole', roleArn('d')), allow(['lambda:CreateFunction', 'lambda:InvokeFunction'])),
      role('d', trust, allow('*')),
    ],
  })
  const last = 'd by iam:PassRole, lambda:CreateFunction, lambda:InvokeFunction, policy own'
  const second = `c by iam:UpdateAssumeRolePolicy, policy own, then ${last}`
  assert.deepEqual(chains(account(lambda)), {
    a: `b by iam:UpdateLoginProfile, policy own, then ${second}`,
    b: second,
    c: last,
  })
  assert.deepEqual(chains(account(EC2)), {}, 'Lambda cannot run as a role that trusts EC2 alone')
})

test('a circle of users who make keys for each other leads nowhere, and ends where one of them gets out of it', () => {
  const circle = (...more: readonly unknown[]) => ({
    UserDetailList: [
      user('a', allow('iam:CreateAccessKey', userArn('b'))),
      user('b', allow('iam:CreateAccessKey', userArn('c'))),
      user('c', allow('iam:CreateAccessKey', userArn('a')), ...more),
      user('boss', allow('*')),
    ],
  })
  assert.deepEqual(chains(circle()), {})
  const by = 'by iam:CreateAccessKey, policy own'
  assert.deepEqual(chains(circle(allow('iam:CreateLoginProfile', userArn('boss')))), {
    a: `b ${by}, then c ${by}, then boss by iam:CreateLoginProfile, policy own`,
    b: `c ${by}, then boss by iam:CreateLoginProfile, policy own`,
    c: 'boss by iam:CreateLoginProfile, policy own',
  })
})

test('a denial, a boundary and a condition each cut a chain', () => {
  const made = (a: object, ...roles: readonly object[]) =>
    chains({ UserDetailList: [a, user('boss', allow('*'))], RoleDetailList: roles })
  const may = allow('iam:CreateAccessKey', userArn('*o*'))
  assert.deepEqual(Object.keys(made(user('a', may))), ['a'])
  assert.deepEqual(made(user('a', may, deny('iam:*', userArn('boss')))), {})
  assert.deepEqual(
    made(user('a', allow('iam:CreateAccessKey', userArn('boss'), { Condition: { Bool: { x: 'true' } } }))),
    {},
  )
  const trust = allow('iam:UpdateAssumeRolePolicy', roleArn('r'))
  const admin = role('r', EC2, allow('*'))
  assert.deepEqual(Object.keys(made(user('a', trust), admin)), ['a'])
  assert.deepEqual(made(user('a', trust, deny('sts:AssumeRole', roleArn('r'))), admin), {})
  const edge = 'arn:aws:iam::111122223333:policy/edge'
  const bounded = (allowed: string) =>
    chains({
      UserDetailList: [
        { ...user('a', may), PermissionsBoundary: { PermissionsBoundaryArn: edge } },
        user('boss', allow('*')),
      ],
      Policies: [{ Arn: edge, PolicyVersionList: [{ IsDefaultVersion: true, Document: document(allow(allowed)) }] }],
    })
  assert.deepEqual(Object.keys(bounded('iam:*')), ['a'])
  assert.deepEqual(bounded('s3:*'), {})
})
