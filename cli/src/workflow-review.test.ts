import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { readWorkflowParts } from './access-directory.ts'
import { reviewWorkflows, type WorkflowReview } from './workflow-review.ts'

const DEPLOY = `name: deploy
on: { push: { branches: [main] } }
permissions:
  contents: read
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: npm ci
  ship:
    runs-on: ubuntu-latest
    environment: production
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with: { role-to-assume: 'arn:aws:iam::000000000000:role/ship' }
      - run: ./ship
        env: { TOKEN: '\${{ secrets.SHIP_TOKEN }}' }
`

const DECLARED = `workflow: deploy.yml
jobs:
  build:
    permissions:
      contents: read
  ship:
    identity: orders-deploy
    permissions:
      contents: read
      id-token: write
    environment: production
    secrets:
      - SHIP_TOKEN
    assumes:
      - aws arn:aws:iam::000000000000:role/ship
`

const world = (t: TestContext) => {
  const root = mkdtempSync(join(tmpdir(), 'reeve-workflows-'))
  t.after(() => rmSync(root, { recursive: true }))
  const [workflows, folder] = [join(root, '.github/workflows'), join(root, '.reeve')]
  mkdirSync(workflows, { recursive: true })
  mkdirSync(join(folder, 'workflows'), { recursive: true })
  const review = (): WorkflowReview => reviewWorkflows(workflows, readWorkflowParts(folder), new Set(['orders-deploy']))
  return {
    review,
    lines: () => review().problems.map(({ place, message }) => `${place.replace(`${workflows}/`, '')}: ${message}`),
    workflow: (text: string, name = 'deploy.yml') => writeFileSync(join(workflows, name), text),
    declare: (text: string, name = 'deploy.yaml') => writeFileSync(join(folder, 'workflows', name), text),
    write: ({ fixes }: WorkflowReview) => {
      for (const { file, text } of fixes) writeFileSync(join(folder, file), text)
    },
    read: () => readFileSync(join(folder, 'workflows/deploy.yaml'), 'utf8'),
  }
}

test('a workflow that is as declared has no problem, and what is declared fits its published schema', (t) => {
  const { workflow, declare, lines } = world(t)
  const schema = new URL('../../docs/reference/schema/workflow.schema.gen.json', import.meta.url)
  const fits = new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(schema, 'utf8')))
  assert.ok(fits(parse(DECLARED)), JSON.stringify(fits.errors))
  workflow(DEPLOY)
  declare(DECLARED)
  assert.deepEqual(lines(), [])
})

const CHANGES: readonly (readonly [string, string, string, string])[] = [
  [
    'a wider permission',
    'contents: read\njobs',
    'contents: write\njobs',
    'deploy.yml:4: job build: permissions: contents: write is not declared',
  ],
  [
    'one more permission',
    'id-token: write\n',
    'id-token: write\n      packages: write\n',
    'deploy.yml:16: job ship: permissions: packages: write is not declared',
  ],
  [
    'all permissions',
    'permissions:\n  contents: read\njobs',
    'permissions: write-all\njobs',
    'deploy.yml:3: job build: permissions: write-all is not declared',
  ],
  [
    'the default permissions',
    'permissions:\n  contents: read\njobs',
    'jobs',
    'deploy.yml:4: job build: permissions: default is not declared',
  ],
  [
    'a permission less',
    '      id-token: write\n',
    '',
    'workflows/deploy.yaml:1: job ship: permissions: id-token: write is not in the workflow any more',
  ],
  [
    'another environment',
    'environment: production',
    'environment: { name: staging }',
    'deploy.yml:12: job ship: environment: staging, and production is declared',
  ],
  [
    'no environment',
    '    environment: production\n',
    '',
    'deploy.yml:10: job ship: environment: none, and production is declared',
  ],
  [
    'one more secret',
    'npm ci',
    "npm ci --token @{{ secrets['NPM'] }}",
    'deploy.yml:9: job build: the secret NPM is not declared',
  ],
  [
    'a secret that is worked out',
    'npm ci',
    'npm ci @{{ secrets[github.ref] }}',
    'deploy.yml:9: job build: the secret * is not declared',
  ],
  [
    'another role',
    'role/ship',
    'role/admin',
    'deploy.yml:18: job ship: the role aws arn:aws:iam::000000000000:role/admin is not declared',
  ],
  ['one more job', 'jobs:\n', 'jobs:\n  other:\n    runs-on: x\n', 'deploy.yml:6: job other is not declared'],
  [
    'a job less',
    '  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm ci\n',
    '',
    'workflows/deploy.yaml:1: there is no job build in deploy.yml any more; remove it',
  ],
  ['a file that is broken', 'jobs:', 'jobs: [', 'deploy.yml'],
]

test('each change of what a job is handed is told with file and line, and gone with the lines that are told', (t) => {
  for (const [what, from, to, line] of CHANGES) {
    const { workflow, declare, lines, review, write, read } = world(t)
    assert.ok(DEPLOY.includes(from), what)
    workflow(DEPLOY.replace(from, to.replace('@{', '${')))
    declare(DECLARED)
    assert.ok(
      lines().some((one) => one.startsWith(line)),
      `${what}: ${lines().join('\n')}`,
    )
    if (what === 'a file that is broken') continue
    write(review())
    assert.deepEqual(lines(), [], what)
    assert.match(read(), /identity: orders-deploy/, 'what was said of identities stays')
  }
})

test('a workflow that nobody declared is told with all that there is to write, and one that is gone with its place', (t) => {
  const { workflow, declare, lines, review } = world(t)
  workflow(DEPLOY)
  assert.deepEqual(lines(), ['deploy.yml:1: the workflow is not declared'])
  assert.deepEqual(review().fixes, [
    { file: 'workflows/deploy.yaml', text: DECLARED.replace('    identity: orders-deploy\n', '') },
  ])
  declare(DECLARED.replace('deploy.yml', 'gone.yml'))
  assert.ok(lines().includes('workflows/deploy.yaml:1: there is no workflow gone.yml any more; remove this'))
})

test('a declaration that has not its shape declares nothing', (t) => {
  const { workflow, declare, lines } = world(t)
  workflow(DEPLOY)
  for (const [from, to, line] of [
    [
      'permissions:\n      contents: read\n  ship',
      'permissions: all\n  ship',
      'workflows/deploy.yaml:1: jobs.build.permissions: is read',
    ],
    ['contents: read\n  ship', 'contents: admin\n  ship', 'workflows/deploy.yaml:1: jobs.build.permissions: is read'],
    ['  ship:', '    colour: red\n  ship:', 'workflows/deploy.yaml:1: jobs.build.colour: there is no such field'],
    ['deploy.yml', '../deploy.yml', 'workflows/deploy.yaml:1: workflow: is the name of a file'],
    ['orders-deploy', 'somebody', 'workflows/deploy.yaml:1: job ship: there is no identity somebody in this folder'],
  ] as const) {
    declare(DECLARED.replace(from, to))
    assert.ok(
      lines().some((one) => one.startsWith(line)),
      lines().join('\n'),
    )
  }
})
