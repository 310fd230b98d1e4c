import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSource } from '../../test/read-source.ts'
import type { Sighting } from '../report.ts'
import { scan } from '../scan.ts'
import { variablesIn } from './ci-job.ts'
import { gitlabCiSource } from './gitlab-ci/source.ts'

// Pipelines as the vendors' references describe them, labelled before there was a parser.

const SAMPLES = join(import.meta.dirname, '../../test/ci-samples')
const LABELS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = JSON.parse(
  readFileSync(join(SAMPLES, 'labels.json'), 'utf8'),
)
const report = await scan([join(SAMPLES, 'shop')], {
  salt: 'a salt for these tests only',
  now: new Date('2026-09-01T00:00:00Z'),
})

const jobsOf = (system: string): Sighting[] =>
  report.sightings.filter(({ source, kind }) => source === system && kind === 'ci-job')

const UNPINNED = new Set(['ci:unpinned-action', 'ci:unpinned-action-with-secret'])

for (const system of ['gitlab-ci', 'circleci', 'jenkins']) {
  test(`${system}: every job is seen, with the tokens, secrets, roles and strangers that the labels say`, () => {
    const seen = jobsOf(system).map(({ stableKey, traits }) => [
      stableKey.split('#')[1],
      traits
        .filter(({ trait }) => !UNPINNED.has(trait))
        .map(({ trait, detail }) => `${trait.slice('ci:'.length)} ${detail}`)
        .sort(),
    ])
    assert.deepEqual(Object.fromEntries(seen), LABELS[system])
  })

  test(`${system}: code of others that can change is seen, and nothing that is pinned`, () => {
    const details = jobsOf(system).flatMap(({ traits }) =>
      traits.filter(({ trait }) => UNPINNED.has(trait)).map(({ detail }) => detail),
    )
    assert.deepEqual([...new Set(details)].sort(), LABELS.unpinned?.[system])
  })
}

test('a role that jobs become is one account, told by its ARN', () => {
  const roles = report.sightings
    .filter(({ stableKey }) => stableKey.startsWith('aws:'))
    .map(({ stableKey }) => stableKey)
  assert.deepEqual(roles.sort(), [
    'aws:arn:aws:iam::123456789012:role/shop-circle',
    'aws:arn:aws:iam::123456789012:role/shop-deploy',
    'aws:arn:aws:iam::123456789012:role/shop-jenkins',
  ])
})

test('the lines are those of the file', () => {
  const lineOf = (trait: string, detail: string): number | undefined =>
    report.sightings.flatMap(({ traits }) => traits).find((one) => one.trait === trait && one.detail === detail)?.where
      .line
  const lines = (path: string) => readFileSync(join(SAMPLES, 'shop', path), 'utf8').split('\n')
  for (const [path, trait, detail, text] of [
    ['.gitlab-ci.yml', 'ci:untrusted-input', 'CI_MERGE_REQUEST_TITLE', 'eval'],
    ['.circleci/config.yml', 'ci:publish-token', 'NPM_TOKEN', 'NPM_TOKEN'],
    ['Jenkinsfile', 'ci:untrusted-input', 'env.CHANGE_TITLE', 'echo testing'],
    ['Jenkinsfile', 'ci:secret', 'registry', "'registry'"],
  ] as const) {
    const here = report.sightings
      .flatMap(({ traits }) => traits)
      .find((one) => one.trait === trait && one.detail === detail && one.where.path.endsWith(path))
    assert.ok(lines(path)[(here?.where.line ?? 0) - 1]?.includes(text), `${path} ${detail}: ${lineOf(trait, detail)}`)
  }
  assert.deepEqual(report.problems, [])
})

test('a stranger’s text that GitLab’s shell reads a second time is found, also behind a pipe', () => {
  const rulesOf = (script: string) =>
    readSource(gitlabCiSource, `job:\n  script:\n    - ${script}\n`, '.gitlab-ci.yml').rulesFound
  for (const script of [
    'eval "$CI_COMMIT_TITLE"',
    'echo $CI_COMMIT_MESSAGE | sh',
    'echo "$CI_COMMIT_TITLE" |bash -s x',
  ])
    assert.ok(
      rulesOf(script).some((rule) => rule.startsWith('ci/untrusted-input')),
      script,
    )
  for (const script of ['echo "$CI_COMMIT_TITLE" | tee x', 'echo $CI_COMMIT_TITLE || shasum x'])
    assert.ok(!rulesOf(script).some((rule) => rule.startsWith('ci/untrusted-input')), script)
})

test('a variable is told on the line of its script on which it stands', () => {
  const script = {
    name: 'set -e\ncurl -H "X: $DEPLOY_TOKEN" \\\n  https://x.example/\necho ${CI_JOB_ID} $OTHER',
    line: 7,
  }
  assert.deepEqual(
    variablesIn(script, (name) => name.startsWith('CI_')),
    [
      { name: 'DEPLOY_TOKEN', line: 8 },
      { name: 'OTHER', line: 10 },
    ],
  )
})
