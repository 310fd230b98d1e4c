import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { githubActionsSource } from './source.ts'

const read = (text: string) => readSource(githubActionsSource, text, '.github/workflows/x.yml')

const details = (text: string, trait: string): string[] =>
  read(text).sightings.flatMap(({ traits }) => traits.filter((one) => one.trait === trait).map(({ detail }) => detail))

const inJob = (lines: string) => `on: workflow_run\npermissions: {}\njobs:\n  a:\n    runs-on: x\n${lines}`

test('a stranger’s code is seen however it is brought in: by git, or by what an earlier step found out', () => {
  for (const [script, isFound] of [
    ['git checkout ${{ github.event.workflow_run.head_sha }}', true],
    ['git fetch origin pull/$NUMBER/head && git checkout FETCH_HEAD', true],
    ['git merge ${{ github.event.pull_request.head.sha }}', true],
    ['git fetch origin ${{ github.event.pull_request.head.sha }} && git diff HEAD..FETCH_HEAD', false],
    ['git checkout main', false],
  ] as const)
    assert.equal(
      details(inJob(`    steps: [{run: '${script}'}]\n`), 'ci:untrusted-checkout').length === 1,
      isFound,
      script,
    )
  for (const [ref, isFound] of [
    ['steps.comment-branch.outputs.head_sha', true],
    ['needs.find.outputs.pr_number', true],
    ['steps.version.outputs.tag', false],
  ] as const)
    assert.equal(
      details(
        inJob(`    steps: [{uses: actions/checkout@v4, with: {ref: '\${{ ${ref} }}'}}]\n`),
        'ci:untrusted-checkout',
      ).length === 1,
      isFound,
      ref,
    )
})

test('a secret whose name is worked out counts as all of them', () => {
  assert.deepEqual(
    details(inJob("    steps: [{run: x, env: {T: '${{ secrets[matrix.name] }}'}}]\n"), 'ci:all-secrets'),
    ['secrets[matrix.name]'],
  )
  assert.deepEqual(details(inJob('    steps: [{run: x, env: {T: "${{ secrets[\'A\'] }}"}}]\n'), 'ci:all-secrets'), [])
})

test('a machine of one’s own is seen in an expression and in a matrix', () => {
  const on = (runsOn: string, more = '') =>
    details(`on: push\njobs:\n  a:\n    runs-on: ${runsOn}\n${more}`, 'ci:self-hosted').length
  const matrix = '    strategy: {matrix: {include: [{on: [self-hosted, gpu]}, {on: ubuntu-latest}]}}\n'
  assert.equal(on(`\${{ fromJSON('["self-hosted"]') }}`), 1)
  assert.equal(on('${{ matrix.on }}', matrix), 1)
  assert.equal(on('ubuntu-latest', matrix), 0)
  assert.equal(on('not-self-hosted-at-all'), 0)
})

test('a reusable workflow of others that is handed secrets one by one is code that is handed a secret', () => {
  const called = (secrets: string) => `on: push\njobs:\n  a:\n    uses: other/ci/.github/workflows/x.yml@v1\n${secrets}`
  assert.deepEqual(details(called("    secrets: {T: '${{ secrets.DEPLOY }}'}\n"), 'ci:unpinned-action-with-secret'), [
    'other/ci/.github/workflows/x.yml@v1',
  ])
  assert.deepEqual(details(called(''), 'ci:unpinned-action-with-secret'), [])
})

test('a role that is taken with a static key, or with another program’s sign-in, is not said to be taken by OIDC', () => {
  const role = 'arn:aws:iam::123456789012:role/deploy'
  const step = (more: string) =>
    inJob(`    steps: [{uses: aws-actions/configure-aws-credentials@v4, with: {role-to-assume: '${role}'${more}}}]\n`)
  const becauseOf = (text: string) => read(text).sightings[0]?.reaches.find(({ what }) => what.endsWith(role))?.because
  assert.equal(becauseOf(step('')), 'OIDC federation')
  assert.equal(becauseOf(step(", aws-access-key-id: '${{ secrets.KEY }}'")), 'a static key')
  const vault = (method: string) =>
    details(inJob(`    steps: [{uses: hashicorp/vault-action@v3, with: {role: ci, ${method}}}]\n`), 'ci:assumes-role')
  assert.deepEqual([vault('method: jwt'), vault('method: kubernetes'), vault('url: x')], [['ci'], [], []])
})
