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

const chained = (levels: number, count: string): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: levels }, (_, at) => [
      `m${at}/main.tf`,
      `${user(`count = ${count}`)}${at + 1 < levels ? `module "m" {\n  source = "../m${at + 1}"\n  count = ${count}\n}\n` : ''}`,
    ]),
  )

const HOSTILE: readonly [what: string, files: Readonly<Record<string, string>>, reason: string][] = [
  [
    'a ring of modules',
    { 'a/main.tf': 'module "b" {\n source = "../b"\n}\n', 'b/main.tf': 'module "a" {\n source = "../a"\n}\n' },
    'calls itself',
  ],
  ['a module that calls itself', { 'a/main.tf': 'module "b" {\n source = "./"\n}\n' }, 'calls itself'],
  ['a count of 1e9', { 'main.tf': user('count = 1000000000') }, 'too-many'],
  ['a count of 1e9 in a text', { 'main.tf': user('count = "1e9"') }, 'none'],
  ['modules in modules, a hundred of each', chained(3, '100'), 'too-many'],
  ['modules in modules, deeper than anybody needs', chained(40, '1'), 'incomplete'],
  [
    'lists that double with every line',
    {
      'main.tf': `locals {\n n0 = ["xxxxxxxx"]\n${Array.from({ length: 60 }, (_, at) => ` n${at + 1} = concat(local.n${at}, local.n${at})`).join('\n')}\n}\n${user('tags = { x = jsonencode(local.n60) }')}`,
    },
    'too-many',
  ],
  [
    'objects that double with every line',
    {
      'main.tf': `locals {\n n0 = "x"\n${Array.from({ length: 60 }, (_, at) => ` n${at + 1} = { a = local.n${at}, b = local.n${at} }`).join('\n')}\n}\n${user('tags = { x = jsonencode(local.n60) }')}`,
    },
    'too-many',
  ],
  [
    'a long text that is used everywhere',
    {
      'main.tf': `locals {\n t = "${'x'.repeat(60_000)}"\n l = [${'local.t, '.repeat(9000)}]\n}\n${user('tags = { x = jsonencode(local.l) }')}`,
    },
    'too-many',
  ],
  [
    'loops in loops',
    {
      'main.tf': `locals {\n r = range(1000)\n x = [for a in local.r : [for b in local.r : [for c in local.r : a]]]\n}\n${user('for_each = toset(local.x)')}`,
    },
    'too-many',
  ],
]

for (const [what, files, reason] of HOSTILE)
  test(`${what} ends soon, and is named`, () => {
    const { problems, sightings } = read(files)
    assert.ok(
      reason === 'none' || problems.some((one) => one.reason === reason || one.detail.includes(reason)),
      JSON.stringify(problems.slice(0, 3)),
    )
    assert.ok(sightings.length <= 5000)
  })
