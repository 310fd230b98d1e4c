import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW } from '../../../test/read-source.ts'
import { scanDocuments } from '../../scan-documents.ts'
import { terraformCodeSource } from './source.ts'

const OPTIONS = { salt: 'a salt for these tests only', now: NOW, sources: [terraformCodeSource] }

const read = (files: Readonly<Record<string, string>>) =>
  scanDocuments(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    OPTIONS,
  )
const user = (more: string) => `resource "aws_iam_user" "u" {\n  ${more}\n}\n`

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
