import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ACCOUNT, allow, document, EC2, fileOf, read, role, rulesOf, trusting, user } from '../../../test/aws-export.ts'
import { LABELS, TRUST_LABELS } from '../../../test/aws-labels.ts'
import { type AwsIdentity, chainOf, chainsToAdmin } from '../../aws/account.ts'
import { isTrustPolicy, readPolicy } from '../../aws/policy.ts'
import { classifyTrust } from '../../aws/trust.ts'
import { isObject, parseJson } from '../../json-value.ts'
import { readAccount } from './read-account.ts'

const DATA = join(import.meta.dirname, '../../../../../shared/data')
const skip = existsSync(DATA) ? false : 'the real files are not beside this repository'

test('the real exports hold as many users, roles, groups and policies as the labels say, and each trust is classified', {
  skip,
}, () => {
  for (const label of LABELS) {
    const text = readFileSync(join(DATA, label.file), 'utf8')
    const root = parseJson(text)
    assert.ok(isObject(root))
    const file = fileOf(text, 'authz.json')
    const { identities, groups, policies, unreadTrusts } = readAccount(root, file)
    const trusts = identities.flatMap((one) => one.trusts.map((trust) => `${trust.class} ${trust.principal}`))
    assert.deepEqual(
      {
        users: identities.filter(({ type }) => type === 'user').length,
        roles: identities.filter(({ type }) => type === 'role').length,
        groups,
        policies,
        trusts: countsOf(trusts),
        unreadTrusts,
      },
      {
        users: label.users,
        roles: label.roles,
        groups: label.groups,
        policies: label.policies,
        trusts: label.trusts,
        unreadTrusts: 0,
      },
      label.file,
    )
    assert.equal(read(text).sightings.length, label.users + label.roles, label.file)
  }
  const named = new Set(LABELS.map(({ file }) => file.split('/')[1]))
  const folder = readdirSync(join(DATA, 'cloudsplaining-authz')).filter((name) => name.endsWith('.json'))
  assert.deepEqual(
    folder.filter((name) => !named.has(name)),
    [],
    'every file of the folder has a label',
  )
})

test('each trust statement of other tools’ fixtures and of state files is of the class that a reader gave it', {
  skip,
}, () => {
  for (const { file, classes } of TRUST_LABELS) {
    const found = trustDocumentsIn(parseJson(readFileSync(join(DATA, file), 'utf8'))).flatMap((statements) =>
      classifyTrust(
        statements.filter(({ actions }) => actions.some((action) => action.startsWith('sts:'))),
        '',
      ).map((trust) => trust.class.replace('external-account', 'account')),
    )
    assert.deepEqual(countsOf(found), classes, file)
  }
})

test('the administrators of a real account are found: by a policy of their own, and by one of their group', {
  skip,
}, () => {
  const { sightings } = read(readFileSync(join(DATA, 'cloudsplaining-authz/example-authz-details.json'), 'utf8'))
  const admins = sightings.filter(({ traits }) => traits.some(({ trait }) => trait === 'aws:admin'))
  assert.deepEqual(
    admins.map(({ stableKey }) => stableKey),
    ['aws:arn:aws:iam::012345678901:user/obama', 'aws:arn:aws:iam::012345678901:user/userwithlotsofpermissions'],
  )
  assert.deepEqual(admins[1]?.reaches, [
    { what: 'AWS account 012345678901', access: 'admin', because: 'policy AdministratorAccess of group admin' },
  ])
})

test('of the documents that AWS manages, those that give everything or more than themselves are told from readers', {
  skip,
}, () => {
  const rules = new Map(
    readFileSync(join(DATA, 'iam-managed-policies/aws-0.jsonl'), 'utf8')
      .split('\n')
      .filter((line) =>
        /"name":"(?:IAMFullAccess|ReadOnlyAccess|SecurityAudit|AWSLambda_FullAccess|AWSCodeBuildAdminAccess)"/.test(
          line,
        ),
      )
      .map((line): [string, string[]] => {
        const policy = parseJson(line)
        assert.ok(isObject(policy))
        return [String(policy.name), rulesOf(...read(policy.document).sightings)]
      }),
  )
  assert.deepEqual(rules.get('IAMFullAccess'), ['aws/admin high'])
  assert.deepEqual(rules.get('AWSLambda_FullAccess'), ['aws/privilege-escalation high'])
  assert.deepEqual(rules.get('AWSCodeBuildAdminAccess'), ['aws/privilege-escalation high'])
  assert.deepEqual(rules.get('ReadOnlyAccess'), [])
  assert.deepEqual(rules.get('SecurityAudit'), [])
})

test('a right that is denied, kept out by a boundary, or only over oneself opens no way to more', () => {
  const way = (...statements: readonly unknown[]) =>
    rulesOf(...read({ UserDetailList: [user('a', ...statements)] }).sightings)
  const DENY = { Effect: 'Deny', Action: 'iam:Create*', Resource: '*' }
  assert.deepEqual(way(allow('iam:CreateAccessKey')), ['aws/privilege-escalation high'])
  assert.deepEqual(way(allow('IAM:createaccess*')), ['aws/privilege-escalation high'])
  assert.deepEqual(way(allow('iam:CreateAccessKey'), DENY), [])
  assert.deepEqual(
    way(allow('iam:CreateAccessKey'), { ...DENY, Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'false' } } }),
    ['aws/privilege-escalation high'],
  )
  assert.deepEqual(way({ Effect: 'Allow', NotAction: 's3:*', Resource: '*' }), ['aws/admin high'])
  assert.deepEqual(way({ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }), ['aws/privilege-escalation high'])
  assert.deepEqual(way(allow('iam:CreateAccessKey', 'arn:aws:iam::*:user/$' + '{aws:username}')), [])
  for (const own of [
    `arn:aws:iam::${ACCOUNT}:user/a`,
    `arn:aws:iam::*:user/a*`,
    'arn:aws:iam::*:user/$' + '{aws:username}',
  ])
    for (const write of ['iam:PutUserPolicy', 'iam:AttachUserPolicy'])
      assert.deepEqual(way(allow(write, own)), ['aws/privilege-escalation high'], `${write} on ${own}`)
  assert.deepEqual(way(allow('iam:PutUserPolicy', `arn:aws:iam::${ACCOUNT}:user/b`)), [
    'aws/privilege-escalation-on-some low',
  ])
  const own = `arn:aws:iam::${ACCOUNT}:user/a`
  assert.deepEqual(way(allow('iam:PutUserPolicy', own), { Effect: 'Deny', Action: 'iam:Put*', Resource: own }), [])
  assert.deepEqual(way(allow('lambda:UpdateFunctionCode', 'arn:aws:lambda:eu-west-1:1:function:a')), [
    'aws/privilege-escalation-on-some low',
  ])
  assert.deepEqual(way(allow('iam:PassRole')), [], 'passing a role without a service to run code in')
  assert.deepEqual(way(allow(['iam:PassRole', 'ec2:RunInstances'])), ['aws/privilege-escalation high'])
  const bounded = {
    ...user('a', allow('*')),
    PermissionsBoundary: { PermissionsBoundaryArn: 'arn:aws:iam::111122223333:policy/edge' },
  }
  const edge = {
    Arn: 'arn:aws:iam::111122223333:policy/edge',
    PolicyVersionList: [{ IsDefaultVersion: true, Document: document(allow('s3:*')) }],
  }
  assert.deepEqual(rulesOf(...read({ UserDetailList: [bounded], Policies: [edge] }).sightings), [])
})

test('who becomes an administrator by becoming others first is found, along the shortest chain', () => {
  const root = { AWS: `arn:aws:iam::${ACCOUNT}:root` }
  const { sightings } = read({
    UserDetailList: [
      user('ci', allow('sts:AssumeRole', `arn:aws:iam::${ACCOUNT}:role/deploy-*`)),
      user('other', allow('s3:GetObject')),
    ],
    RoleDetailList: [
      role('deploy-a', trusting(root), allow('sts:AssumeRole')),
      role('boss', trusting({ AWS: `arn:aws:iam::${ACCOUNT}:role/deploy-a` }), allow('*')),
    ],
  })
  const chains = sightings.flatMap(({ name, traits }) =>
    traits.filter(({ trait }) => trait === 'aws:assume-chain').map(({ detail }) => `${name}: ${detail}`),
  )
  assert.deepEqual(chains, [
    `user ci of AWS account ${ACCOUNT}: arn:aws:iam::${ACCOUNT}:role/deploy-a, then arn:aws:iam::${ACCOUNT}:role/boss`,
    `role deploy-a of AWS account ${ACCOUNT}: arn:aws:iam::${ACCOUNT}:role/boss`,
  ])
})

test('the chains of an account of thousands are all followed, and where they would take too long the search stops and says so', () => {
  const trusting = (arn: string): AwsIdentity['trusts'] => [
    { class: 'account', principal: arn, faults: [], narrowedBy: [], isOpenToStrangers: false },
  ]
  const identity = (name: string, assumes: readonly string[]): AwsIdentity => ({
    ...{
      type: 'role',
      name,
      arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
      account: ACCOUNT,
      groups: [],
      tags: new Map(),
    },
    ...{ madeOn: '', usedOn: undefined, where: { path: '', line: 1, repository: '', inRepository: '' } },
    trusts: trusting(`arn:aws:iam::${ACCOUNT}:root`),
    held: {
      policies: [
        { name: 'p', arn: '', statements: readPolicy(document(...assumes.map((to) => allow('sts:AssumeRole', to)))) },
      ],
      boundary: undefined,
      account: ACCOUNT,
    },
  })
  const admin = {
    ...identity('boss', []),
    held: {
      policies: [{ name: 'a', arn: '', statements: readPolicy(document(allow('*'))) }],
      boundary: undefined,
      account: ACCOUNT,
    },
  }
  const many = Array.from({ length: 3000 }, (_, at) =>
    identity(`r${at}`, [`arn:aws:iam::${ACCOUNT}:role/${at === 0 ? 'bos?' : `r${at - 1}`}`]),
  )
  const whole = chainsToAdmin([admin, ...many])
  assert.equal(whole.isWhole, true)
  assert.equal(whole.next.size, 3000)
  assert.equal(chainOf(whole, `arn:aws:iam::${ACCOUNT}:role/r2`).length, 3)
  assert.equal(chainOf(whole, `arn:aws:iam::${ACCOUNT}:role/r2999`).at(-1), '…')
  const cut = chainsToAdmin([admin, ...many], 10)
  assert.equal(cut.isWhole, false)
  assert.ok(cut.next.size > 0 && cut.next.size < 20)
})

test('a role is unused when nobody became it for 90 days; one that AWS keeps for itself is not judged', () => {
  const used = (on: object, arn = `arn:aws:iam::${ACCOUNT}:role/r`) =>
    rulesOf(
      ...read({ RoleDetailList: [{ ...role('r', EC2), Arn: arn, CreateDate: '2020-01-01', RoleLastUsed: on }] })
        .sightings,
    )
  assert.deepEqual(used({ LastUsedDate: '2026-08-30' }), [])
  assert.deepEqual(used({ LastUsedDate: '2026-01-30' }), ['aws/unused-role low'])
  assert.deepEqual(used({}), ['aws/unused-role low'])
  assert.deepEqual(used({}, `arn:aws:iam::${ACCOUNT}:role/aws-service-role/x.amazonaws.com/r`), [])
})

test('an export that is cut short, or lacks what somebody holds, is named', () => {
  const { problems } = read({
    UserDetailList: [
      { ...user('a'), AttachedManagedPolicies: [{ PolicyArn: 'arn:aws:iam::aws:policy/X', PolicyName: 'X' }] },
    ],
    RoleDetailList: [role('r', '{broken')],
    IsTruncated: true,
  })
  assert.deepEqual(
    problems.map(({ reason }) => reason),
    ['incomplete', 'incomplete', 'incomplete'],
  )
})

test('files of other shapes are left alone, and hostile ones are named, never a crash', () => {
  for (const other of [
    { Statement: 1 },
    { User: 'x', UserName: 'y' },
    [{ Statement: [] }],
    { Statement: [null, 1], Version: '2012-10-17' },
  ]) {
    assert.deepEqual(read(other), { sightings: [], problems: [] }, JSON.stringify(other))
  }
  assert.equal(read('{"UserDetailList": [', 'cut.json').problems[0]?.reason, 'bad-json')
  assert.equal(read({ ReportFormat: 'text/csv', Content: 'bm8=' }).problems[0]?.reason, 'bad-json')
  const deep = `{"UserDetailList":${'['.repeat(5000)}${']'.repeat(5000)}}`
  assert.deepEqual(read(deep).sightings, [])
  const odd =
    '{"RoleDetailList":[null,1,{"Arn":{},"RoleName":[]},{"Arn":"arn:aws:iam::1:role/a","RoleName":"a","AssumeRolePolicyDocument":{"Statement":[{"Effect":"Allow","Principal":{"AWS":[1,{}],"__proto__":"x"},"Action":{}}]},"Tags":{},"RolePolicyList":7}]}'
  assert.equal(read(odd).sightings.length, 1)
})

test('a bucket’s policy is no identity', () => {
  const bucket = document({ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::x/*' })
  assert.deepEqual(read(bucket, 'bucket-policy.json').sightings, [])
})

const countsOf = (words: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const word of words.toSorted()) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

const trustDocumentsIn = (value: unknown): NonNullable<ReturnType<typeof readPolicy>>[] => {
  if (typeof value === 'string') {
    const inner = /^\s*\{/.test(value) ? parseJson(value) : undefined
    return inner === undefined ? [] : trustDocumentsIn(inner)
  }
  if (Array.isArray(value)) return value.flatMap(trustDocumentsIn)
  if (!isObject(value)) return []
  const statements = readPolicy(value)
  if (statements && isTrustPolicy(statements)) return [statements]
  return Object.values(value).flatMap(trustDocumentsIn)
}
