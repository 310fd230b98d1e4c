import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { githubActionsSource } from './source.ts'

const read = (text: string, path = '.github/actions/ship/action.yml') => readSource(githubActionsSource, text, path)

const HANDED = '${{ inputs.deploy-token }}'
const ACTION = `name: ship
inputs: {deploy-token: {required: true}}
runs:
  using: composite
  steps:
    - uses: acme/push@v1
      with: {token: "${HANDED}"}
    - uses: acme/build@v2
      with: {path: .}
    - uses: actions/setup-node@v4
    - run: echo "${'$'}{{ github.event.issue.title }}"
      shell: bash
`

test('a composite action is seen with the unpinned code that it runs, and what that is handed', () => {
  const { sightings, problems } = read(ACTION)
  assert.deepEqual(problems, [])
  const [action] = sightings
  assert.equal(sightings.length, 1)
  assert.match(action?.name ?? '', /\/action \.github\/actions\/ship$/)
  const of = (trait: string) => action?.traits.filter((one) => one.trait === trait).map(({ detail }) => detail)
  assert.deepEqual(of('ci:unpinned-action-with-secret'), ['acme/push@v1'])
  assert.deepEqual(of('ci:unpinned-action'), ['acme/build@v2'])
  assert.equal(of('ci:untrusted-input')?.length, 1)
  assert.deepEqual(of('ci:permissions-missing'), [], 'it has the rights of the job that names it')
  assert.deepEqual(action?.reaches, [])
})

test('an action of another kind, and a file that is only called like one, are left alone', () => {
  for (const text of [
    'name: a\nruns: {using: node20, main: index.js}\n',
    'name: a\nruns: {using: docker, image: Dockerfile}\n',
    'action: x\n',
  ])
    assert.deepEqual(read(text), { ...read(text), sightings: [], problems: [] }, text)
})
