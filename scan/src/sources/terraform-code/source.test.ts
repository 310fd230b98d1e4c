import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { terraformCodeSource } from './source.ts'

const read = (text: string, path = 'infra/main.tf') => readSource(terraformCodeSource, text, path)

const GITHUB = `resource "aws_iam_openid_connect_provider" "github" {
  url = "https://token.actions.githubusercontent.com"
}`
const trusting = (condition: string) => `${GITHUB}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }
    ${condition}
  }
}
resource "aws_iam_role" "deploy" {
  name               = "deploy"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}`
const subject = (value: string) =>
  `condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["${value}"]
    }`
const ROLE =
  'resource "aws_iam_role" "r" {\n  name = local.name\n  assume_role_policy = "{}"\n}\nlocals { name = "deploy-${var.env}" }\nvariable "env" { default = "live" }\n'
const ADMIN = 'jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })'

const SECRET = 'Zq8xV2mN7pL4tR9wK3yB'
const IN_CODE = ['terraform/secret-in-code high']

const FACTS: readonly [string, string, string[]][] = [
  ['a variable whose default is a password', `variable "db_password" {\n  default = "${SECRET}"\n}`, IN_CODE],
  [
    'a secret variable whose default is short',
    'variable "pin_secret" {\n  sensitive = true\n  default = "aaaabbbb"\n}',
    IN_CODE,
  ],
  ['a trust of one branch', trusting(subject('repo:acme/shop:ref:refs/heads/main')), []],
  ['a trust of any ref', trusting(subject('repo:acme/shop:*')), ['aws/oidc-subject-wildcard medium']],
  ['a trust of any repository', trusting(subject('repo:*')), ['aws/oidc-subject-open critical']],
  ['a trust of no subject', trusting(''), ['aws/oidc-subject-missing critical']],
  ['a trust whose provider is made elsewhere', trusting('').replace(GITHUB, ''), ['aws/oidc-subject-missing critical']],
  [
    'a right by the id of a role',
    `${ROLE}resource "aws_iam_role_policy" "p" {\n  role = aws_iam_role.r.id\n  policy = ${ADMIN}\n}`,
    ['aws/admin high'],
  ],
  [
    'a right by an attached policy',
    `${ROLE}resource "aws_iam_policy" "p" {\n  policy = ${ADMIN}\n}\nresource "aws_iam_role_policy_attachment" "a" {\n  role       = aws_iam_role.r.name\n  policy_arn = aws_iam_policy.p.arn\n}`,
    ['aws/admin high'],
  ],
  [
    'a right in a text of several lines',
    `${ROLE}resource "aws_iam_role_policy" "p" {\n  role = aws_iam_role.r.name\n  policy = <<-EOT\n    {"Statement": [{"Effect": "Allow", "Action": "iam:CreatePolicyVersion", "Resource": "*"}]}\n  EOT\n}`,
    ['aws/privilege-escalation high'],
  ],
  [
    'a condition in place of a policy',
    `${ROLE}resource "aws_iam_role_policy" "p" {\n  role = aws_iam_role.r.name\n  policy = (var.on\n    ? ${ADMIN}\n    : null)\n}`,
    [],
  ],
  [
    'its own account',
    'data "aws_caller_identity" "me" {}\nresource "aws_iam_role" "r" {\n  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" } }] })\n}',
    [],
  ],
  [
    'an account that a variable names',
    'resource "aws_iam_role" "r" {\n  assume_role_policy = jsonencode({ Statement = { Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = var.partner } } })\n}',
    [],
  ],
  ['a key of a user', 'resource "aws_iam_access_key" "k" {\n  user = "bot"\n}', ['terraform/static-key high']],
  ['a key of a service account', 'resource "google_service_account_key" "k" {}', ['terraform/static-key high']],
  [
    'an owner of a project',
    'resource "google_service_account" "s" {\n  account_id = "deployer"\n  project = "acme-prod"\n}\nresource "google_project_iam_member" "m" {\n  project = "acme-prod"\n  role = "roles/owner"\n  member = google_service_account.s.member\n}',
    ['terraform/broad-role high'],
  ],
  [
    'an identity of Azure that owns a subscription',
    'resource "azurerm_user_assigned_identity" "i" { name = "app" }\nresource "azurerm_role_assignment" "a" {\n  scope = "/subscriptions/s"\n  role_definition_name = "Owner"\n  principal_id = azurerm_user_assigned_identity.i.principal_id\n}',
    ['terraform/broad-role high'],
  ],
  [
    'a password that is written out',
    'resource "aws_db_instance" "d" {\n  username = "app"\n  password = "Gr8-whale-song"\n}',
    ['terraform/secret-in-code high'],
  ],
  [
    'a password of a variable',
    'resource "aws_db_instance" "d" {\n  username = "app"\n  password = var.password\n}',
    [],
  ],
  [
    'a secret with a variable in it',
    'resource "kubernetes_secret" "s" {\n  data = { token = "x-${var.token}-y" }\n}',
    [],
  ],
  [
    'a webhook with the secret of a variable',
    'resource "github_repository_webhook" "w" {\n  repository = "r"\n  configuration {\n    url = "https://x.example"\n    secret = var.hook\n  }\n}',
    [],
  ],
  [
    'a webhook without a secret',
    'resource "github_repository_webhook" "w" {\n  repository = "r"\n  configuration {\n    url = "https://x.example"\n  }\n}',
    ['webhook/unsigned medium'],
  ],
]

for (const [name, text, rules] of FACTS)
  test(`code with ${name} gives ${rules.length === 0 ? 'no finding' : rules.join(' and ')}`, () => {
    const { rulesFound, problems } = read(text)
    assert.deepEqual(problems, [])
    assert.deepEqual(rulesFound, rules)
  })

test('a service account of Google is known by its address, an identity of Azure with its role is one', () => {
  const google = read(FACTS.find(([name]) => name === 'an owner of a project')?.[1] ?? '')
  assert.deepEqual(
    new Set(google.sightings.map(({ stableKey }) => stableKey)),
    new Set(['gcp:deployer@acme-prod.iam.gserviceaccount.com']),
  )
  const azure = read(FACTS.find(([name]) => name.startsWith('an identity of Azure'))?.[1] ?? '')
  assert.equal(new Set(azure.sightings.map(({ stableKey }) => stableKey)).size, 1)
})

test('what one file gives to a role of another is of that role', () => {
  const [declared] = read(ROLE, 'infra/roles.tf').sightings
  const [given] = read(
    'resource "aws_iam_role_policy_attachment" "a" {\n  role = aws_iam_role.r.name\n  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"\n}',
    'infra/rights.tf',
  ).sightings
  assert.equal(given?.stableKey, declared?.stableKey)
  assert.deepEqual(
    given?.traits.map(({ trait }) => trait),
    ['aws:admin'],
  )
  assert.notEqual(read(ROLE, 'other/roles.tf').sightings[0]?.stableKey, declared?.stableKey)
})

test('the JSON syntax says the same as the native one', () => {
  const json = JSON.stringify({
    locals: { name: 'deploy' },
    resource: {
      aws_iam_role: { r: { name: '${local.name}', assume_role_policy: '{}' } },
      aws_iam_role_policy: {
        p: [
          {
            role: '${aws_iam_role.r.id}',
            policy: '${jsonencode({Statement=[{Effect="Allow",Action="*",Resource="*"}]})}',
          },
        ],
      },
    },
  })
  const { sightings, rulesFound } = read(json, 'infra/main.tf.json')
  assert.deepEqual(
    sightings.map(({ name }) => name),
    ['role deploy'],
  )
  assert.deepEqual(rulesFound, ['aws/admin high'])
})

test('all of the syntax is read, and the resource behind it is found on its line', () => {
  const text = `# a comment
/* another
   one */ // and one
terraform { required_providers { aws = { source = "hashicorp/aws", version = "~> 5.0" } } }
locals {
  a = { for k, v in var.m : k => upper(v) if v != "" }
  b = [for x in var.l : "\${x}-\${var.m["key"].z}"]
  c = var.l[*].id
  d = var.x == 1 && !var.y ? "a" : (var.z > 2 ? "b}" : "c")
  e = "%{ if var.x }yes%{ else }no%{ endif } $\${literal} \\"quoted\\" \\u00e9"
  f = merge(local.a, { (var.k) = 1, "two words" : 2 })
  g = -1.5e3 + length(var.l...)
  h = provider::aws::arn_parse("x").service
  i = <<EOT
line with \${var.x} and "quotes" and { a brace
EOT
  j = aws_instance.many[count.index].tags["Name"]
}
module "m" {
  source   = "./m"
  for_each = toset(["a", "b"])
}
resource "aws_iam_user" "u" {
  dynamic "inline_policy" {
    for_each = var.p
    content { name = "x" }
  }
  name = "u"
}
`
  const { sightings, problems } = read(text)
  assert.deepEqual(
    problems.map(({ reason, line }) => [reason, line]),
    [['incomplete', 19]],
    'the module is not there',
  )
  assert.deepEqual(
    sightings.map(({ name, where }) => [name, where.line]),
    [['user u', 23]],
  )
})

test('what is broken is named with its line, and the blocks after it are read; hostile code ends', () => {
  const { sightings, problems } = read(
    'resource "aws_iam_user" "a" {\n  name = "a\n}\nresource "aws_iam_user" "b" {\n  name = "b"\n}\nresource "aws_iam_user" "c" {\n  name = [}\n',
  )
  assert.deepEqual(
    problems.map(({ reason, line }) => [reason, line]),
    [
      ['bad-hcl', 2],
      ['bad-hcl', 8],
    ],
  )
  assert.deepEqual(
    sightings.map(({ name }) => name),
    ['user b'],
  )
  const open = read(`resource "aws_iam_user" "a" {\n  name = "a"\nresource "aws_iam_user" "b" {\n  name = "b"\n}\n`)
  assert.equal(open.problems[0]?.reason, 'bad-hcl')
  for (const hostile of [
    '['.repeat(100_000),
    '{'.repeat(100_000),
    `a = ${'('.repeat(5000)}`,
    '"'.repeat(20_001),
    `a = ${'"${'.repeat(5000)}`,
    'a b '.repeat(9000),
    `x = ${'a.b['.repeat(9000)}`,
    '<<E\n'.repeat(5000),
    'a {\n'.repeat(5000),
    '\u0000\uffff',
    'r = <<-\n',
  ])
    assert.ok(read(hostile).problems.length > 0, hostile.slice(0, 20))
})

test('names that stand for each other, in a ring or doubled with every line, end', () => {
  const doubled = Array.from({ length: 60 }, (_, at) => `  n${at + 1} = "\${local.n${at}}\${local.n${at}}"`).join('\n')
  const { sightings } = read(
    `locals {\n  a = local.b\n  b = local.a\n  n0 = "xxxxxxxxxxxxxxxx"\n${doubled}\n}\nresource "aws_iam_user" "u" {\n  name = local.a\n  path = local.n60\n  __proto__ = { x = 1 }\n}\n`,
  )
  assert.equal(sightings[0]?.name, 'user ${local.a}')
})
