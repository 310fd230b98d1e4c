import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../test/read-source.ts'
import type { Source } from '../source.ts'
import { azureSource } from '../sources/azure/source.ts'
import { gcpSource } from '../sources/gcp/source.ts'
import { githubSource } from '../sources/github/source.ts'
import { slackSource } from '../sources/slack/source.ts'

const app = (id: number) => ({ id, app_id: id, app_slug: `app-${id}`, target_type: 'Organization', permissions: {} })
const page = (total: number, ...ids: readonly number[]) => ({ total_count: total, installations: ids.map(app) })
const bot = { id: 'U1', team_id: 'T1', name: 'poll', is_bot: true, profile: { real_name: 'Poll' } }
const email = 'ci@acme.iam.gserviceaccount.com'
const account = { email, uniqueId: '1', projectId: 'acme', name: `projects/acme/serviceAccounts/${email}` }
const appId = '11111111-1111-4111-8111-111111111111'
const principal = { id: 'p1', appId, displayName: 'billing', servicePrincipalType: 'Application' }

const CASES: readonly [string, Source, unknown, string | undefined][] = [
  ['a first page of GitHub', githubSource, page(57, 1, 2), 'holds 2 of 57'],
  ['a whole answer of GitHub', githubSource, page(2, 1, 2), undefined],
  ['pages of GitHub in a list, all of them', githubSource, [page(3, 1, 2), page(3, 3)], undefined],
  ['pages of GitHub in a list, one lost', githubSource, [page(5, 1, 2), page(5, 3)], 'holds 3 of 5'],
  ['a first page of Slack', slackSource, { members: [bot], response_metadata: { next_cursor: 'dXNlcg==' } }, 'goes on'],
  ['a last page of Slack', slackSource, { members: [bot], response_metadata: { next_cursor: '' } }, undefined],
  ['a first page of Google', gcpSource, { accounts: [account], nextPageToken: 'x' }, 'goes on'],
  ['a last page of Google', gcpSource, { accounts: [account] }, undefined],
  ['a first page of Graph', azureSource, { value: [principal], '@odata.nextLink': 'https://g/x' }, 'goes on'],
  ['a page of something else', githubSource, { total_count: 9, items: [{ app_slug: 1 }] }, undefined],
]

for (const [name, source, content, told] of CASES)
  test(`${name} is ${told === undefined ? 'not said to be cut short' : 'named as cut short'}`, () => {
    const { problems } = readSource(source, content, 'export.json')
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      told === undefined ? [] : ['incomplete'],
    )
    assert.ok(told === undefined || problems[0]?.detail.includes(told) === true, JSON.stringify(problems))
  })

test('pages that stand one behind the other are one answer, on one line or on many', () => {
  for (const indent of [undefined, 2]) {
    const text = [page(3, 1, 2), page(3, 3)].map((one) => JSON.stringify(one, null, indent)).join('')
    const { sightings, problems } = readSource(githubSource, text, 'export.json')
    assert.deepEqual([sightings.length, problems.length], [3, 0])
  }
})

test('what is broken behind a good value is broken JSON', () => {
  const { sightings, problems } = readSource(githubSource, `${JSON.stringify(page(1, 1))}{"a`, 'export.json')
  assert.deepEqual([sightings.length, problems.map(({ reason }) => reason)], [0, ['bad-json']])
})
