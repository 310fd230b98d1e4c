import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scannedFile } from '../../file.ts'
import { judge } from '../../posture/judge.ts'
import type { Sighting } from '../../report.ts'
import { githubActionsSource } from './source.ts'

const NOW = new Date('2026-09-01T00:00:00Z')

const read = (text: string, path = '.github/workflows/x.yml') => {
  const file = scannedFile({ path, repository: 'acme/shop', repositoryPath: path }, Buffer.from(text))
  const seal = () => assert.fail('a workflow keeps no secret')
  return githubActionsSource.read(file, { seal, now: NOW })
}

const sightingsIn = (text: string): Sighting[] =>
  read(text).sightings.map((draft) => ({
    ...draft,
    source: 'github-actions',
    repository: 'acme/shop',
    alsoAt: [],
    ownerHint: null,
  }))

/** `rule severity line` of every finding but the missing owner, which every workflow here has. */
const rulesIn = (text: string): string[] =>
  judge({ sightings: sightingsIn(text), now: NOW })
    .filter(({ rule }) => rule !== 'posture/unowned')
    .map(({ rule, severity, where }) => `${rule} ${severity} ${where.line}`)
    .sort()

test('each job is an identity with a key that does not depend on its line', () => {
  const sightings = sightingsIn('on: push\npermissions: {}\njobs:\n  build:\n    runs-on: x\n  ship:\n    runs-on: x\n')
  assert.deepEqual(
    sightings.map(({ kind, name, stableKey, where }) => [kind, name, stableKey, where.line]),
    [
      ['ci-job', 'acme/shop/x/build', 'github-actions:acme/shop:.github/workflows/x.yml#build', 4],
      ['ci-job', 'acme/shop/x/ship', 'github-actions:acme/shop:.github/workflows/x.yml#ship', 6],
    ],
  )
})

test('a job reaches what its permissions, roles, keys and secrets open', () => {
  const [job, role] = sightingsIn(`
on: push
jobs:
  ship:
    runs-on: x
    environment: production
    permissions: { contents: read, id-token: write, packages: none }
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with: { role-to-assume: 'arn:aws:iam::000000000000:role/ship' }
      - run: ./ship "\${{ secrets.DEPLOY_KEY }}"
`)
  assert.deepEqual(
    job?.reaches.map(({ what, access }) => `${access} ${what}`),
    [
      'read acme/shop: contents',
      'write acme/shop: id-token',
      'unknown aws arn:aws:iam::000000000000:role/ship',
      'read secret DEPLOY_KEY',
    ],
  )
  assert.equal(job?.environment?.value, 'production')
  assert.equal(role?.stableKey, 'aws:arn:aws:iam::000000000000:role/ship')
})

test('a role that a job becomes by a variable of the workflow is that role, by one from outside it is not known', () => {
  const rolesBy = (env: string, value: string) =>
    sightingsIn(
      `on: push\nenv: { ROLE: top }\njobs:\n  a:\n    runs-on: x\n    env: { ${env} }\n    steps:\n      - uses: OctopusDeploy/login@v1\n        with: { service_account_id: '${value}' }\n`,
    )
      .filter(({ kind }) => kind === 'account')
      .map(({ stableKey }) => stableKey)
  assert.deepEqual(rolesBy('', '${{ env.ROLE }}'), ['octopus:top'])
  assert.deepEqual(rolesBy('ROLE: near', '${{env.ROLE}}'), ['octopus:near'])
  for (const unknown of ['${{ env.OTHER }}', '${{ vars.ROLE }}', 'x-${{ env.ROLE }}'])
    assert.deepEqual(rolesBy('', unknown), [], unknown)
  assert.deepEqual(rolesBy('ROLE: "${{ vars.ROLE }}"', '${{ env.ROLE }}'), [])
})

test('missing permissions are one finding a file, and none where all jobs say theirs or the file is only called', () => {
  const two = 'jobs:\n  a:\n    runs-on: x\n  b:\n    runs-on: x\n'
  assert.deepEqual(rulesIn(`on: push\n${two}`), ['ci/permissions-missing medium 3'])
  assert.deepEqual(rulesIn(`on: push\npermissions: read-all\n${two}`), [])
  assert.deepEqual(rulesIn(`on: workflow_call\n${two}`), [])
  assert.deepEqual(rulesIn('on: push\njobs:\n  a:\n    runs-on: x\n    permissions: {}\n'), [])
})

test('write-all is found at the top and in a job', () => {
  assert.deepEqual(rulesIn('on: push\npermissions: write-all\njobs:\n  a:\n    runs-on: x\n'), [
    'ci/permissions-write-all high 2',
  ])
})

const action = (uses: string, more = '') =>
  `on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: ${uses}\n${more}`

test('a third-party action is pinned only by a full digest', () => {
  const digest = 'e3dd6a429d7300a6a4c196c26e071d42e0343502'
  assert.deepEqual(rulesIn(action('other/thing@v1')), ['ci/unpinned-action low 7'])
  assert.deepEqual(rulesIn(action('other/thing@e3dd6a4')), ['ci/unpinned-action low 7'])
  assert.deepEqual(rulesIn(action('docker://alpine:3')), ['ci/unpinned-action low 7'])
  for (const uses of [
    `other/thing@${digest}`,
    'actions/checkout@v5',
    'acme/own@main',
    './local',
    `docker://a@sha256:${digest}${digest.slice(16)}`,
  ]) {
    assert.deepEqual(rulesIn(action(uses)), [], uses)
  }
})

test('an unpinned action that is handed a secret is worse', () => {
  assert.deepEqual(rulesIn(action('other/thing@v1', `        with: { token: '\${{ secrets.CHAT }}' }\n`)), [
    'ci/unpinned-action-with-secret high 7',
  ])
})

test('checking out a stranger’s code under pull_request_target is critical, under pull_request it is as meant', () => {
  const text = (trigger: string) => `
on: ${trigger}
permissions: { contents: write }
jobs:
  a:
    runs-on: x
    steps:
      - uses: actions/checkout@v5
        with:
          ref: \${{ github.event.pull_request.head.sha }}
`
  assert.deepEqual(rulesIn(text('pull_request_target')), ['ci/untrusted-checkout critical 10'])
  assert.deepEqual(rulesIn(text('pull_request')), [])
})

test('a stranger’s text in a script is found on its own line, and not where it goes through a variable', () => {
  const text = `
on: issues
permissions: {}
jobs:
  a:
    runs-on: x
    steps:
      - run: |
          echo start
          echo "\${{ github.event.issue.title }}"
      - run: echo "$TITLE"
        env: { TITLE: '\${{ github.event.issue.title }}' }
`
  assert.deepEqual(rulesIn(text), ['ci/untrusted-input high 10'])
})

test('static cloud keys are found by what they are handed to, short-lived ones of an earlier step are not', () => {
  const text = (value: string) => `
on: push
permissions: {}
jobs:
  a:
    runs-on: x
    steps:
      - run: ./deploy
        env:
          AWS_ACCESS_KEY_ID: ${value}
          AWS_SECRET_ACCESS_KEY: ${value}
`
  assert.deepEqual(rulesIn(text(`\${{ secrets.AWS }}`)), ['ci/static-cloud-key high 10'])
  assert.deepEqual(rulesIn(text(`\${{ steps.assume.outputs.key }}`)), [])
})

test('secrets are found in every way of writing them; the automatic token is not one', () => {
  const [job] = sightingsIn(
    action(
      './x',
      `        with:\n          a: \${{ secrets.A }}\n          b: \${{ secrets['B'] }}\n          c: \${{ format('{0}', secrets.c) }}\n          d: \${{ secrets.GITHUB_TOKEN }}\n`,
    ),
  )
  const secrets = job?.traits.filter(({ trait }) => trait === 'ci:secret').map(({ detail }) => detail)
  assert.deepEqual(secrets, ['A', 'B', 'C'])
})

test('publish tokens, personal tokens, inherited and whole secrets, and own runners for strangers are found', () => {
  const text = `
on: pull_request
permissions: {}
jobs:
  a:
    uses: other/flows/.github/workflows/a.yml@e3dd6a429d7300a6a4c196c26e071d42e0343502
    secrets: inherit
  b:
    runs-on: [self-hosted]
    env:
      ALL: \${{ toJSON(secrets) }}
    steps:
      - run: npm publish
        env: { NODE_AUTH_TOKEN: '\${{ secrets.NPM_TOKEN }}' }
      - run: ./x
        env: { T: '\${{ secrets.BOT_PAT }}' }
`
  assert.deepEqual(rulesIn(text), [
    'ci/all-secrets high 11',
    'ci/personal-token medium 16',
    'ci/publish-token medium 14',
    'ci/secrets-inherited high 7',
    'ci/self-hosted-for-strangers high 8',
  ])
})

test('a stranger must not start what holds the right to an OIDC token', () => {
  const text = 'on: pull_request_target\npermissions: { id-token: write }\njobs:\n  a:\n    runs-on: x\n'
  assert.ok(rulesIn(text).includes('ci/oidc-for-strangers high 2'))
})

test('what is no workflow gives nothing; a workflow without jobs or trigger is named', () => {
  assert.deepEqual(read('services:\n  a:\n    image: b\n', 'compose.yaml').sightings, [])
  assert.deepEqual(
    read('version: 2\njobs:\n  build:\n    docker: [{image: x}]\n', '.circleci/config.yml').sightings,
    [],
  )
  assert.equal(read('on: push\n').problems[0]?.reason, 'not-a-workflow')
  assert.equal(read('jobs:\n  a:\n    runs-on: x\n').problems[0]?.reason, 'not-a-workflow')
})

test('a workflow whose parts have the wrong shape is read as far as it goes', () => {
  for (const text of [
    'on: []\njobs: 3\n',
    'on: {push: }\njobs:\n  a: 7\n  b: {steps: {x: 1}, permissions: [1], env: 3}\n',
    'jobs: {a: {runs-on: {group: g}, steps: [1, [2], {uses: [x]}]}}\n',
  ]) {
    assert.doesNotThrow(() => read(text))
  }
})
