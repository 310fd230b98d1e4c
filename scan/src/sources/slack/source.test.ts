import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testExports } from '../../../test/export-table.ts'
import { readSource } from '../../../test/read-source.ts'
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
