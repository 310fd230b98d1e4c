import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testExports } from '../../../test/export-table.ts'
import { NOW, readSource } from '../../../test/read-source.ts'
import { judge } from '../../posture/judge.ts'
import { slackSource } from './source.ts'

const approved = (...scopes: readonly object[]) => ({
  approved_apps: [{ app: { id: 'A0123456789', name: 'Poll' }, scopes }],
})
const manifest = (bot: readonly string[], user: readonly string[], more: object = {}) => ({
  display_information: { name: 'Poll' },
  oauth_config: { scopes: { bot, user }, redirect_urls: ['https://poll.example/cb'] },
  ...more,
})

testExports(slackSource, [
  [
    'a bot',
    { id: 'U1', team_id: 'T1', name: 'poll', is_bot: true, profile: { real_name: 'Poll', api_app_id: 'A0123456789' } },
    [],
  ],
  ['an app that writes messages', approved({ name: 'chat:write', token_type: 'bot' }), []],
  [
    'an app that reads what everybody reads',
    approved({ name: 'channels:history', token_type: 'user' }),
    ['app/wide-scopes high'],
  ],
  [
    'an app that a user let administer',
    { app_id: 'A0123456789', app_type: 'Poll', user_name: 'ann', change_type: 'added', scope: 'identify,admin' },
    ['app/wide-scopes high'],
  ],
  ['a manifest that asks for little', manifest(['chat:write'], []), []],
  ['a manifest that asks for the search of a user', manifest([], ['search:read']), ['app/wide-scopes high']],
  [
    'a manifest whose tokens never end',
    manifest(['chat:write'], [], { settings: { token_rotation_enabled: false } }),
    ['app/static-secret low'],
  ],
])

const REMOVED = { date: '1786000000', user_name: 'bob', change_type: 'removed' }
const added = { app_id: 'A0123456789', app_type: 'Poll', user_name: 'ann', scope: 'identify,admin' }
const poll = (deleted: boolean, team = 'T1') => ({
  ...{ id: 'U1', team_id: team, name: 'poll', is_bot: true, deleted },
  profile: { real_name: 'Poll', api_app_id: 'A0123456789' },
})
const of = (...content: readonly unknown[]) => readSource(slackSource, content, 'export.json')
const ADDED = { ...added, change_type: 'added', date: '1785000000' }

test('a bot that was deleted is told as stopped, and has no finding of one that lives', () => {
  const { related, rulesFound } = of(poll(true), ADDED)
  assert.deepEqual(rulesFound, [])
  const [{ evidence = [], traits = [], reaches = [] } = {}] = related
  assert.ok(evidence.includes('stopped: its bot was deleted'))
  assert.deepEqual([traits.map(({ trait }) => trait), reaches], [['account:stopped'], []])
  assert.deepEqual(of(poll(false), ADDED).rulesFound, ['app/wide-scopes high'])
  assert.deepEqual(of(poll(true), poll(false, 'T2'), ADDED).rulesFound, ['app/wide-scopes high'], 'it lives elsewhere')
})

test('nobody is asked to own what was stopped', () => {
  const unowned = (deleted: boolean) =>
    judge({ sightings: of(poll(deleted)).related, now: NOW }).filter(({ rule }) => rule === 'posture/unowned').length
  assert.deepEqual([unowned(false), unowned(true)], [1, 0])
})

test('an app that was removed last is stopped, in whatever order the log is; one that was added again is not', () => {
  for (const log of [
    [{ ...added, ...REMOVED }, ADDED],
    [ADDED, { ...added, ...REMOVED }],
  ]) {
    const { related, rulesFound } = of(...log)
    assert.deepEqual(rulesFound, [])
    assert.ok(related[0]?.evidence.includes('stopped: removed by bob on 2026-08-06'))
  }
  const again = { ...ADDED, date: '1787000000' }
  assert.deepEqual(of(again, { ...added, ...REMOVED }, ADDED).rulesFound, ['app/wide-scopes high'])
})

test('an app of which one service was removed and another is there is not stopped, until that goes too', () => {
  const [one, other] = [{ service_id: 1 }, { service_id: 2 }]
  const removed = { ...added, ...REMOVED }
  assert.deepEqual(of({ ...removed, ...other }, { ...ADDED, ...other }, { ...ADDED, ...one }).rulesFound, [
    'app/wide-scopes high',
  ])
  assert.deepEqual(of({ ...removed, ...other }, { ...ADDED, ...other }, { ...removed, ...one }).rulesFound, [])
})

test('a stopped app that is still approved says so, for it may be installed again at any time', () => {
  const { related, rulesFound } = of(poll(true), approved({ name: 'admin', token_type: 'user' }))
  assert.deepEqual(rulesFound, ['account/disabled-with-access low'])
  assert.ok(related[0]?.traits.some(({ detail }) => detail === 'approved for 1 scopes'))
})

test('a manifest in YAML says what one in JSON says, and other YAML is left alone', () => {
  const text = [
    'display_information: {name: Poll}',
    'oauth_config:',
    '  redirect_urls: ["http://poll.example/cb"]',
    '  scopes: {bot: [chat:write], user: [admin]}',
    'settings: {token_rotation_enabled: false}',
  ].join('\n')
  assert.deepEqual(readSource(slackSource, text, 'manifest.yaml').rulesFound, [
    'app/loose-redirect medium',
    'app/static-secret low',
    'app/wide-scopes high',
  ])
  assert.equal(readSource(slackSource, 'display_information: {name: Poll}', 'x.yaml').isWanted, false)
})
