import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { rulesFor } from '../../../test/rules-of.ts'
import { LABELS } from '../../../test/terraform-labels.ts'
import { scannedFile } from '../../file.ts'
import { renderJson } from '../../render/json.ts'
import { scan } from '../../scan.ts'
import type { SightingDraft } from '../../source.ts'
import { terraformStateSource } from './source.ts'

const NOW = new Date('2026-09-01T00:00:00Z')
const STATES = join(import.meta.dirname, '../../../../../shared/data/tfstate-driftctl')
const skip = existsSync(STATES) ? false : 'the real files are not beside this repository'
const ACCOUNT = '111122223333'

const read = (content: unknown, path = 'prod/terraform.tfstate') => {
  const text = typeof content === 'string' ? content : JSON.stringify(content, null, 1)
  const file = scannedFile({ path, repository: 'estate', repositoryPath: path }, Buffer.from(text))
  if (!terraformStateSource.wants(file)) return { sightings: [], problems: [], sealed: [] }
  const sealed: string[] = []
  const answer = terraformStateSource.read(file, {
    seal: (secret, as) => {
      sealed.push(secret)
      return { ...as, fingerprint: String(sealed.length).padStart(32, '0'), tail: '' }
    },
    now: NOW,
  })
  return { ...answer, sealed }
}

const rulesOf = (drafts: readonly SightingDraft[]): string[] => rulesFor('terraform-state', drafts, NOW)

const resource = (type: string, name: string, attributes: object, more: object = {}) => ({
  mode: 'managed',
  type,
  name,
  provider: 'provider["registry.terraform.io/hashicorp/x"]',
  instances: [{ schema_version: 0, attributes, ...more }],
})
const state = (...resources: readonly object[]) => ({
  version: 4,
  terraform_version: '1.9.0',
  serial: 1,
  outputs: {},
  resources,
})
const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
const ADMIN = policy({ Effect: 'Allow', Action: '*', Resource: '*' })
const EC2 = policy({ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' })

test('of the real states, all that can be read are, the rest are named, and there are as many identities and secrets as the labels say', {
  skip,
}, async () => {
  const report = await scan([STATES], { salt: 'a salt for these tests only', now: NOW })
  const files = readdirSync(STATES).filter((name) => name.endsWith('.tfstate'))
  assert.equal(files.length, LABELS.files)
  assert.equal(report.problems.length, LABELS.unreadable)
  const own = report.sightings.filter(({ source }) => source === 'terraform-state')
  const byFile = (places: readonly { where: { path: string } }[]): Record<string, number> =>
    Object.fromEntries(
      [...Map.groupBy(places, ({ where }) => where.path.split('/').at(-1) ?? '')].map(([file, found]) => [
        file,
        found.length,
      ]),
    )
  assert.deepEqual(byFile(own), LABELS.identities)
  assert.deepEqual(
    byFile(own.flatMap(({ traits }) => traits.filter(({ trait }) => trait === 'terraform:secret-in-state'))),
    LABELS.secrets,
  )
  assert.ok(
    own
      .filter(({ stableKey }) => stableKey.startsWith('aws:arn:aws:iam::929327065333:role/test/'))
      .every(({ evidence }) => evidence.includes('may be assumed by the service ec2.amazonaws.com')),
  )
  assert.ok(!renderJson(report).includes('foobarbaz'))
})

test('a role has the policies that other resources give it, and its trust is judged as in an export of AWS', () => {
  const arn = `arn:aws:iam::${ACCOUNT}:role/ci`
  const open = policy({
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' } },
  })
  const role = (trust: string) =>
    resource('aws_iam_role', 'ci', { arn, name: 'ci', assume_role_policy: trust, tags: { Team: 'delivery' } })
  const { sightings } = read(
    state(role(open), resource('aws_iam_role_policy', 'ci', { role: 'ci', name: 'all', policy: ADMIN })),
  )
  assert.equal(sightings[0]?.stableKey, `aws:${arn}`)
  assert.deepEqual(sightings[0]?.ownerHint, { value: 'delivery', because: 'tag team' })
  assert.equal(sightings[0]?.environment?.value, 'production')
  assert.deepEqual(rulesOf(sightings), ['aws/admin critical', 'aws/oidc-subject-missing critical'])
  const attached = (type: string, holder: object) =>
    rulesOf(
      read(
        state(
          role(EC2),
          resource('aws_iam_policy', 'all', { arn: 'arn:aws:iam::1:policy/all', policy: ADMIN }),
          resource(type, 'a', { policy_arn: 'arn:aws:iam::1:policy/all', ...holder }),
        ),
      ).sightings,
    )
  assert.deepEqual(attached('aws_iam_role_policy_attachment', { role: 'ci' }), ['aws/admin high'])
  assert.deepEqual(attached('aws_iam_policy_attachment', { roles: ['ci'] }), ['aws/admin high'])
  assert.deepEqual(attached('aws_iam_role_policy_attachment', { role: 'other' }), [])
})

test('a user has what its groups have, and its key is judged with it', () => {
  const arn = `arn:aws:iam::${ACCOUNT}:user/ci`
  const { sightings, sealed } = read(
    state(
      resource('aws_iam_user', 'ci', { arn, name: 'ci' }),
      resource('aws_iam_group_policy', 'g', { group: 'ops', name: 'all', policy: ADMIN }),
      resource('aws_iam_user_group_membership', 'm', { user: 'ci', groups: ['ops'] }),
      resource('aws_iam_access_key', 'k', {
        user: 'ci',
        id: 'AKIAIOSFODNN7EXAMPLE',
        secret: 'not-the-real-one',
        status: 'Active',
        create_date: '2025-01-01T00:00:00Z',
      }),
    ),
  )
  assert.deepEqual(new Set(sightings.map(({ stableKey }) => stableKey)), new Set([`aws:${arn}`]))
  assert.deepEqual(rulesOf(sightings), [
    'aws/admin high',
    'aws/old-access-key critical',
    'posture/high-risk critical',
    'terraform/secret-in-state high',
  ])
  assert.deepEqual(sealed, ['not-the-real-one'])
  assert.ok(!JSON.stringify(sightings).includes('AKIA'))
})

test('a key of a service account is one of the account, whose roles are its own', () => {
  const email = 'a@p.iam.gserviceaccount.com'
  const resource = (type: string, attributes: object) => ({
    mode: 'managed',
    type,
    name: 'x',
    instances: [{ attributes }],
  })
  for (const told of [email, `projects/p/serviceAccounts/${email}`]) {
    const state = {
      version: 4,
      terraform_version: '1.9.0',
      resources: [
        resource('google_service_account', { email }),
        resource('google_service_account_key', { service_account_id: told, valid_after: '2026-01-01T00:00:00Z' }),
        resource('google_project_iam_member', { project: 'p', role: 'roles/owner', member: `serviceAccount:${email}` }),
      ],
    }
    const { related } = readSource(terraformStateSource, state, 'terraform.tfstate')
    assert.deepEqual(
      related.map(({ stableKey, traits }) => [stableKey, traits.map(({ trait }) => trait).sort()]),
      [[`gcp:${email}`, ['terraform:broad-role', 'terraform:static-key']]],
    )
  }
})

const POOL = 'iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci'

const FACTS: readonly [string, object, string[]][] = [
  ['google_service_account', { email: 'a@p.iam.gserviceaccount.com' }, []],
  [
    'google_service_account_key',
    { private_key: 'ZXhhbXBsZQ==', valid_after: '2026-01-01T00:00:00Z' },
    ['terraform/secret-in-state high', 'terraform/static-key high'],
  ],
  [
    'google_project_iam_member',
    { project: 'p', role: 'roles/editor', member: 'serviceAccount:a@p.iam.gserviceaccount.com' },
    ['terraform/broad-role high'],
  ],
  ['google_project_iam_member', { project: 'p', role: 'roles/editor', member: 'user:ann@example.com' }, []],
  ...(
    [
      [`principal://${POOL}/subject/repo:acme/shop:pull_request`, ['federation/pull-requests medium']],
      [`principalSet://${POOL}/attribute.event_name/pull_request`, ['federation/pull-requests medium']],
      [`principalSet://${POOL}/*`, ['federation/open high']],
      [`principal://${POOL}/subject/repo:acme/shop:environment:live`, []],
      [
        `principalSet://iam.googleapis.com/\${pool.ci.name}/attribute.event_name/pull_request`,
        ['federation/pull-requests medium'],
      ],
      [`principalSet://iam.googleapis.com/\${pool.ci.name}/*`, ['federation/open high']],
      [`principalSet://iam.googleapis.com/\${pool.ci.name}/attribute.repository/acme/shop`, []],
    ] as const
  ).map(([member, rules]): [string, object, string[]] => [
    'google_service_account_iam_member',
    {
      service_account_id: 'projects/p/serviceAccounts/a@p.iam.gserviceaccount.com',
      role: 'roles/iam.workloadIdentityUser',
      member,
    },
    [...rules],
  ]),
  [
    'google_storage_bucket_iam_binding',
    { bucket: 'b', role: 'roles/storage.objectViewer', members: ['allUsers'] },
    ['terraform/public-role high'],
  ],
  [
    'google_iam_workload_identity_pool_provider',
    { name: 'p/x', oidc: [{ issuer_uri: 'https://token.actions.githubusercontent.com' }] },
    ['terraform/pool-without-condition high'],
  ],
  [
    'google_iam_workload_identity_pool_provider',
    { name: 'p/x', attribute_condition: 'assertion.repository_owner_id == "1"', oidc: [{ issuer_uri: 'https://x' }] },
    [],
  ],
  ...(
    [
      [
        'azuread_application_federated_identity_credential',
        'subject',
        'repo:acme/shop:pull_request',
        'pull-requests medium',
      ],
      ['azurerm_federated_identity_credential', 'subject', 'repo:acme/shop:environment:production', ''],
      ['azurerm_federated_identity_credential', 'subject', '', ''],
      ['azurerm_federated_identity_credential', 'subject', `repo:\${var.a ? "x" : "y"}/shop:environment:live`, ''],
      [
        'google_iam_workload_identity_pool_provider',
        'attribute_condition',
        "assertion.sub == 'repo:acme/shop:pull_request'",
        'pull-requests medium',
      ],
      [
        'azuread_application_flexible_federated_identity_credential',
        'claims_matching_expression',
        "claims['sub'] matches 'repo:acme/*'",
        'wildcard medium',
      ],
    ] as const
  ).map(([type, attribute, subject, rule]): [string, object, string[]] => [
    type,
    { display_name: 'ci', issuer: 'https://token.actions.githubusercontent.com', [attribute]: subject },
    rule === '' ? [] : [`federation/${rule}`],
  ]),
  [
    'azurerm_role_assignment',
    { principal_id: 'o', principal_type: 'ServicePrincipal', role_definition_name: 'Owner', scope: '/subscriptions/s' },
    ['terraform/broad-role high'],
  ],
  [
    'azurerm_role_assignment',
    { principal_id: 'o', role_definition_name: 'Contributor', scope: '/subscriptions/s/resourceGroups/g' },
    [],
  ],
  [
    'azuread_application_password',
    { value: 'abc', end_date: '2099-01-01T00:00:00Z' },
    ['terraform/secret-in-state high', 'terraform/token-without-end medium'],
  ],
  [
    'github_repository_deploy_key',
    { id: 'r:1', title: 'ci', repository: 'r', read_only: false },
    ['account/deploy-key-writes medium'],
  ],
  ['github_repository_deploy_key', { id: 'r:1', title: 'ci', repository: 'r', read_only: true }, []],
  [
    'github_repository_webhook',
    { repository: 'r', configuration: [{ url: 'https://x.example', secret: '', insecure_ssl: true }] },
    ['webhook/unchecked-tls medium', 'webhook/unsigned medium'],
  ],
  ['gitlab_project_access_token', { id: '1:2', name: 't', expires_at: '' }, ['terraform/token-without-end medium']],
  ['gitlab_project_access_token', { id: '1:2', name: 't', expires_at: '2026-10-01' }, []],
  ['postgresql_role', { name: 'app', superuser: true, password: 'x7' }, ['settings/superuser medium']],
  [
    'kubernetes_secret_v1',
    { metadata: [{ name: 's' }], data: { token: 'whatever-it-is' } },
    ['terraform/secret-in-state high'],
  ],
  ['aws_ssm_parameter', { type: 'String', value: 'eu-west-1' }, []],
  ['aws_ssm_parameter', { type: 'SecureString', value: 'eu-west-1' }, ['terraform/secret-in-state high']],
  ['random_password', { result: 'aaaa' }, ['terraform/secret-in-state high']],
  ['aws_instance', { ami: 'x', user_data: 'y' }, []],
]

for (const [type, attributes, rules] of FACTS)
  test(`${type} with ${Object.keys(attributes).join(', ')} gives ${rules.length === 0 ? 'no finding' : rules.join(' and ')}`, () => {
    assert.deepEqual(rulesOf(read(state(resource(type, 'a', attributes))).sightings), rules)
  })

test('what Terraform marks as sensitive is a secret where its name says so too, in resources and outputs', () => {
  const marked = {
    sensitive_attributes: [[{ type: 'get_attr', value: 'auth_token' }], [{ type: 'get_attr', value: 'size' }]],
  }
  const content = {
    ...state(resource('acme_thing', 'a', { auth_token: 'short', size: 'big', other: 'x' }, marked)),
    outputs: {
      db_password: { value: 'tiny', type: 'string', sensitive: true },
      region: { value: 'eu', sensitive: true },
    },
  }
  assert.deepEqual(read(content).sealed, ['short', 'tiny'])
})

test('identities are the same in a state of version 3, in one of version 4 and in a plan', () => {
  const attributes = { arn: `arn:aws:iam::${ACCOUNT}:role/r`, id: 'r', name: 'r', assume_role_policy: EC2 }
  const old = {
    version: 3,
    terraform_version: '0.11.0',
    modules: [
      {
        path: ['root', 'net'],
        outputs: {},
        resources: { 'aws_iam_role.r': { type: 'aws_iam_role', primary: { id: 'r', attributes } } },
      },
    ],
  }
  const inModule = {
    address: 'module.net.aws_iam_role.r',
    mode: 'managed',
    type: 'aws_iam_role',
    name: 'r',
    values: attributes,
  }
  const plan = {
    format_version: '1.2',
    terraform_version: '1.9.0',
    planned_values: { root_module: { child_modules: [{ resources: [inModule] }] } },
    prior_state: { values: { root_module: { child_modules: [{ resources: [inModule] }] } } },
  }
  const keys = (content: unknown, path?: string) =>
    read(content, path).sightings.map(({ stableKey, evidence }) => [stableKey, evidence.at(-1)])
  const expected = [[`aws:${attributes.arn}`, 'may be assumed by the service ec2.amazonaws.com']]
  assert.deepEqual(keys(state(resource('aws_iam_role', 'r', attributes))), expected)
  assert.deepEqual(keys(old), expected)
  assert.deepEqual(keys(plan, 'plan.json'), expected)
})

test('what is only planned has no ARN yet and is known by its address', () => {
  const planned = {
    address: 'aws_iam_role.r[0]',
    mode: 'managed',
    type: 'aws_iam_role',
    name: 'r',
    values: { name: 'r', assume_role_policy: EC2 },
  }
  const { sightings } = read(
    { format_version: '1.2', terraform_version: '1.9.0', planned_values: { root_module: { resources: [planned] } } },
    'p.json',
  )
  assert.equal(sightings[0]?.stableKey, 'aws:terraform:estate:p.json#aws_iam_role.r[0]')
})

test('broken, empty, encrypted and hostile states are named, never a crash; other JSON is left alone', () => {
  const reason = (content: unknown, path?: string) => read(content, path).problems.map((one) => one.reason)
  assert.deepEqual(reason(''), ['bad-json'])
  assert.deepEqual(reason('{"version": 4,'), ['bad-json'])
  assert.deepEqual(reason('[]'), ['bad-json'])
  assert.deepEqual(reason({ encrypted_data: 'x', encryption_version: 'v0' }), ['incomplete'])
  assert.deepEqual(reason({ terraform_version: 'x' }, 'package.json'), [])
  const odd = {
    version: 4,
    resources: [
      null,
      1,
      { type: 3, instances: [null, { attributes: 7 }] },
      {
        type: 'aws_iam_role',
        instances: [
          {
            attributes: { arn: [], name: {}, tags: 4, assume_role_policy: '%7B' },
            sensitive_attributes: [1, [[]], {}],
          },
        ],
      },
    ],
    outputs: [1],
  }
  assert.equal(read(odd).sightings.length, 1)
  assert.deepEqual(
    read(
      `{"format_version":"1.0","terraform_version":"1","values":{"root_module":${'{"child_modules":['.repeat(5000)}${']}'.repeat(5000)}}}`,
      'deep.json',
    ).sightings,
    [],
  )
})
