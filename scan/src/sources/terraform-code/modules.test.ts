import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { NOW, readSource } from '../../../test/read-source.ts'
import { scan } from '../../scan.ts'
import { scanDocuments } from '../../scan-documents.ts'
import { secretsSource } from '../secrets/source.ts'
import { terraformStateSource } from '../terraform-state/source.ts'
import { terraformCodeSource } from './source.ts'

const OPTIONS = { salt: 'a salt for these tests only', now: NOW, sources: [terraformCodeSource, secretsSource] }

const read = (files: Readonly<Record<string, string>>) => {
  const report = scanDocuments(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    OPTIONS,
  )
  return {
    ...report,
    /** What comes behind the folder. */
    addresses: report.sightings.map(({ stableKey }) => stableKey.replace(/^.*#/, '')).sort(),
    names: report.sightings.map(({ name }) => name).sort(),
    rules: report.findings
      .filter(({ rule }) => rule !== 'posture/unowned')
      .map(({ rule }) => rule)
      .sort(),
  }
}

const user = (more: string, name = 'u') => `resource "aws_iam_user" "${name}" {\n  ${more}\n}\n`
const ADMIN = 'arn:aws:iam::aws:policy/AdministratorAccess'
const BOT = {
  'modules/bot/variables.tf': 'variable "name" {}\nvariable "policy" { default = null }\n',
  'modules/bot/main.tf': `${user('name = var.name')}resource "aws_iam_user_policy_attachment" "a" {
  count      = var.policy == null ? 0 : 1
  user       = aws_iam_user.u.name
  policy_arn = var.policy
}\n`,
  'modules/bot/outputs.tf': 'output "name" { value = aws_iam_user.u.name }\n',
}

test('what a local module makes is seen once for each call, with what the caller gave it', () => {
  const { addresses, names, rules, problems } = read({
    ...BOT,
    'live/main.tf': `module "sync" {
  source = "../modules/bot"
  name   = "sync"
}
module "ops" {
  source = "../modules/bot/"
  name   = "ops-\${var.env}"
  policy = "${ADMIN}"
}
variable "env" { default = "eu" }\n`,
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(names, ['user ops-eu', 'user sync'])
  assert.deepEqual(addresses, ['module.ops.aws_iam_user.u', 'module.sync.aws_iam_user.u'])
  assert.deepEqual(rules, ['aws/admin'])
})

test('an output of a module gives what it stands for to another, through any number of them', () => {
  const { rules, sightings } = read({
    ...BOT,
    'modules/pair/main.tf':
      'module "one" {\n  source = "../bot"\n  name = var.name\n}\noutput "user" { value = module.one.name }\nvariable "name" {}\n',
    'main.tf': `module "p" {
  for_each = toset(["a", "b"])
  source   = "./modules/pair"
  name     = "bot-\${each.key}"
}
resource "aws_iam_user_policy_attachment" "x" {
  user       = module.p["b"].user
  policy_arn = "${ADMIN}"
}\n`,
  })
  assert.deepEqual(rules, ['aws/admin'])
  const admin = sightings.find(({ traits }) => traits.some(({ trait }) => trait === 'aws:admin'))
  assert.equal(admin?.name, 'user bot-b')
})

const COUNTS: readonly [what: string, code: string, addresses: readonly string[]][] = [
  ['count of a number', user('count = 2'), ['aws_iam_user.u[0]', 'aws_iam_user.u[1]']],
  ['count of nothing', user('count = 0'), []],
  ['count of a sum', `locals { n = 1 }\n${user('count = local.n + 1')}`, ['aws_iam_user.u[0]', 'aws_iam_user.u[1]']],
  [
    'count of a condition',
    `variable "on" { default = true }\n${user('count = var.on && !false ? 1 : 0')}`,
    ['aws_iam_user.u[0]'],
  ],
  [
    'count of a list',
    `locals { l = ["x", "y"] }\n${user('count = length(local.l)\n  name = local.l[count.index]')}`,
    ['aws_iam_user.u[0]', 'aws_iam_user.u[1]'],
  ],
  ['for_each of a set', user('for_each = toset(["a", "b", "a"])'), ['aws_iam_user.u["a"]', 'aws_iam_user.u["b"]']],
  [
    'for_each of a map',
    user('for_each = { a = { x = 1 }, "b c" = {} }'),
    ['aws_iam_user.u["a"]', 'aws_iam_user.u["b c"]'],
  ],
  [
    'for_each of a loop',
    `locals { l = [{ n = "a", on = true }, { n = "b", on = false }] }\n${user('for_each = { for x in local.l : x.n => x if x.on }')}`,
    ['aws_iam_user.u["a"]'],
  ],
  [
    'for_each of what merge makes',
    user('for_each = merge({ a = 1 }, { b = 2 })'),
    ['aws_iam_user.u["a"]', 'aws_iam_user.u["b"]'],
  ],
  [
    'for_each of pairs',
    user('for_each = toset([for p in setproduct(["a", "b"], ["x"]) : "${p[0]}-${p[1]}"])'),
    ['aws_iam_user.u["a-x"]', 'aws_iam_user.u["b-x"]'],
  ],
  [
    'count of what is there instead of what is not',
    `data "aws_iam_policy_document" "none" { count = 0 }
locals {
  m = { a = { n = 1 } }
  n = try(data.aws_iam_policy_document.none[0].json, local.m.b.n, local.m["a"].n)
}\n${user('count = local.n')}`,
    ['aws_iam_user.u[0]'],
  ],
  [
    'count of a comparison with a text of which a part is known',
    `variable "v" {}\n${user('count = "x-${var.v}" == "" || "${var.v}-x" == null ? 0 : 1')}`,
    ['aws_iam_user.u[0]'],
  ],
  [
    'count of the first that is no nothing',
    `variable "v" {}\n${user('count = length(coalesce("", null, "abc")) - 2')}`,
    ['aws_iam_user.u[0]'],
  ],
  [
    'for_each of other resources',
    `${user('for_each = toset(["a"])')}${user('for_each = aws_iam_user.u\n  name = "of-${each.value.name}"', 'v')}`,
    ['aws_iam_user.u["a"]', 'aws_iam_user.v["a"]'],
  ],
]

for (const [what, code, expected] of COUNTS)
  test(`${what} makes the resources that a plan would name`, () => {
    const { addresses, problems } = read({ 'main.tf': code })
    assert.deepEqual(problems, [])
    assert.deepEqual(addresses, expected)
  })

const UNKNOWNS: readonly [what: string, code: string][] = [
  ['count of a variable', `variable "n" {}\n${user('count = var.n')}`],
  ['count of a condition on a variable', `variable "n" {}\n${user('count = var.n == "x" ? 2 : 0')}`],
  ['for_each of a resource that is read', user('for_each = data.aws_iam_users.all.names')],
  ['for_each of a list of which a part is known', `variable "l" {}\n${user('for_each = toset(concat(["a"], var.l))')}`],
  ['for_each of a name that only a run gives', `variable "l" {}\n${user('for_each = toset(["a", var.l])')}`],
  ['for_each of a map of which a part is known', `variable "m" {}\n${user('for_each = merge({ a = 1 }, var.m)')}`],
  [
    'for_each of a loop with an open condition',
    `variable "m" {}\n${user('for_each = { for x in ["a"] : x => x if var.m }')}`,
  ],
  ['count of a list of which a part is known', `variable "l" {}\n${user('count = length(concat(["a"], var.l))')}`],
  ['count of what is known of a text alone', `variable "v" {}\n${user('count = coalesce(var.v, "x") == "x" ? 2 : 0')}`],
  ['count of a try of a variable', `variable "v" {}\n${user('count = try(var.v, 2)')}`],
  ['count that asks for itself', user('count = length(aws_iam_user.u)')],
  ['a count that is no number', user('count = -1')],
]

for (const [what, code] of UNKNOWNS)
  test(`${what} is one identity, and said to be unknown`, () => {
    const { addresses, sightings } = read({ 'main.tf': code })
    assert.deepEqual(addresses, ['aws_iam_user.u'])
    assert.match(sightings[0]?.evidence.at(-1) ?? '', /^how many there are: /)
  })

test('two identities whose names are unknown, and read alike, do not have the rights of each other', () => {
  const { sightings, rules } = read({
    ...BOT,
    'main.tf': `variable "n" {}
module "plain" {
  source = "./modules/bot"
  name   = var.n
}
module "admin" {
  source = "./modules/bot"
  name   = var.n
  policy = "${ADMIN}"
}\n`,
  })
  assert.deepEqual(rules, ['aws/admin'])
  assert.match(sightings.find(({ traits }) => traits.length > 0)?.stableKey ?? '', /module\.admin\./)
})

test('the trust of a module that makes one of two documents is that of the one it makes, and its role has its rights', () => {
  const { rules, sightings } = read({
    'role/main.tf': `variable "name" { default = null }
variable "strict" { default = true }
variable "from" { default = ["arn:aws:iam::111122223333:root"] }
data "aws_iam_policy_document" "open" {
  count = var.strict ? 0 : 1
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}
data "aws_iam_policy_document" "strict" {
  count = var.strict ? 1 : 0
  dynamic "statement" {
    for_each = var.from
    content {
      actions = ["sts:AssumeRole"]
      principals {
        type        = "AWS"
        identifiers = [statement.value]
      }
    }
  }
}
resource "aws_iam_role" "this" {
  count              = 1
  name               = var.name
  name_prefix        = "x-"
  assume_role_policy = coalesce("", try(data.aws_iam_policy_document.open[0].json, data.aws_iam_policy_document.strict[0].json))
}
resource "aws_iam_role_policy_attachment" "a" {
  role       = join("", aws_iam_role.this.*.name)
  policy_arn = "${ADMIN}"
}\n`,
    'main.tf': 'module "r" {\n  source = "./role"\n}\n',
  })
  assert.deepEqual(rules, ['aws/admin', 'aws/external-account-without-id'])
  assert.deepEqual(
    sightings.map(({ name }) => name),
    ['role module.r.aws_iam_role.this[0]'],
  )
  assert.match(sightings[0]?.evidence.join('\n') ?? '', /another account, .*111122223333/)
})

test('values of terraform.tfvars and *.auto.tfvars count; what only an optional file says is unknown', () => {
  const code = `variable "name" { default = "preset" }\n${user('name = var.name')}`
  const named = (files: Readonly<Record<string, string>>) => read({ 'a/main.tf': code, ...files }).names
  assert.deepEqual(named({}), ['user preset'])
  assert.deepEqual(named({ 'a/terraform.tfvars': 'name = "set"' }), ['user set'])
  assert.deepEqual(named({ 'a/terraform.tfvars': 'name = "set"', 'a/b.auto.tfvars.json': '{"name": "late"}' }), [
    'user late',
  ])
  assert.deepEqual(named({ 'a/envs/prod.tfvars': 'name = "prod"' }), ['user ${var.name}'])
  assert.deepEqual(named({ 'b/terraform.tfvars': 'name = "other"' }), ['user preset'])
})

test('a secret in a file of values is a secret in code, there, and found once', () => {
  const { findings } = read({
    'a/main.tf': 'variable "token" { sensitive = true }\n',
    'a/prod.tfvars': '# values\ntoken = "Zq8xV2mN7pL4tR9wK3yB"\n',
  })
  assert.deepEqual(
    findings
      .map(({ rule, where }) => `${rule} ${where.path}:${where.line}`)
      .filter((one) => !one.startsWith('posture')),
    ['terraform/secret-in-code a/prod.tfvars:2'],
  )
})

test('keys are those of the state where account and name are written out', () => {
  const state = JSON.stringify({
    version: 4,
    terraform_version: '1.9.0',
    resources: [
      {
        mode: 'managed',
        module: 'module.bot["a"]',
        type: 'aws_iam_role',
        name: 'r',
        instances: [{ attributes: { arn: 'arn:aws:iam::123456789012:role/ci/bot-a', name: 'bot-a' } }],
      },
      {
        mode: 'managed',
        type: 'google_service_account',
        name: 's',
        instances: [{ index_key: 0, attributes: { email: 'deployer@acme-prod.iam.gserviceaccount.com' } }],
      },
    ],
  })
  const ofState = readSource(terraformStateSource, state, 'terraform.tfstate').sightings
  const ofCode = read({
    'main.tf': `provider "aws" { allowed_account_ids = ["123456789012"] }
provider "google" { project = "acme-prod" }
module "bot" {
  source   = "./bot"
  for_each = toset(["a"])
  name     = each.value
}
resource "google_service_account" "s" {
  count      = 1
  account_id = "deployer"
}\n`,
    'bot/main.tf':
      'variable "name" {}\nresource "aws_iam_role" "r" {\n  path = "/ci/"\n  name = "bot-${var.name}"\n  assume_role_policy = "{}"\n}\n',
  })
  const keys = (all: readonly { stableKey: string }[]) => all.map(({ stableKey }) => stableKey).sort()
  assert.deepEqual(keys(ofCode.sightings), keys(ofState))
})

test('a key of a service account is one of the account, by whichever of its names code says so', () => {
  for (const name of ['email', 'name', 'id']) {
    const { sightings } = read({
      'main.tf': `resource "google_service_account" "s" {
  for_each   = toset(["one", "other"])
  account_id = "deployer-\${each.key}"
  project    = "acme-prod"
}
resource "google_service_account_key" "k" {
  service_account_id = google_service_account.s["one"].${name}
}\n`,
    })
    assert.deepEqual(
      sightings.map(({ stableKey, traits }) => [stableKey, traits.length]),
      [
        ['gcp:deployer-one@acme-prod.iam.gserviceaccount.com', 1],
        ['gcp:deployer-other@acme-prod.iam.gserviceaccount.com', 0],
      ],
      name,
    )
  }
})

test('an override takes the place of what it overrides, and of nothing else', () => {
  const { names } = read({
    'main.tf': user('name = "first"\n  path = "/x/"'),
    'x_override.tf': user('name = "second"'),
  })
  assert.deepEqual(names, ['user second'])
})

test('a module that is not there, or lies outside of what is scanned, is named and nothing else is opened', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'modules-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const call = (source: string) => `module "m" {\n  source = "${source}"\n}\n`
  write('outside/main.tf', user('name = "outside"'))
  write('scanned/a/main.tf', call('../../outside'))
  write('scanned/b/main.tf', call('../../../../../../../../etc'))
  write('scanned/c/main.tf', call('./missing'))
  write('scanned/d/main.tf', call('git::https://example.invalid/m.git'))
  write('scanned/e/main.tf', call('../used'))
  write('scanned/used/main.tf', user('name = "used"'))
  const report = await scan([join(folder, 'scanned')], OPTIONS)
  assert.deepEqual(
    report.problems.map(({ path, reason, line }) => `${path.slice(folder.length)}:${line} ${reason}`),
    ['a', 'b', 'c'].map((name) => `/scanned/${name}/main.tf:1 incomplete`),
  )
  assert.deepEqual(
    report.sightings.map(({ name, where }) => `${name} ${where.path.slice(folder.length)}`),
    ['user used /scanned/used/main.tf'],
  )
})

test('a module in an archive calls nothing outside of it', () => {
  const { problems, addresses } = read({
    'x.zip!/a/main.tf': 'module "m" {\n  source = "../../b"\n}\n',
    'b/main.tf': user('name = "b"'),
  })
  assert.deepEqual(
    problems.map(({ reason }) => reason),
    ['incomplete'],
  )
  assert.deepEqual(addresses, ['aws_iam_user.u'])
})
