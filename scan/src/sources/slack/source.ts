import { exportSource, type Form, traitsOf } from '../../exports/export-source.ts'
import { type ExportRecord, recordsOf } from '../../exports/records.ts'
import { looseRedirects } from '../../exports/redirects.ts'
import type { ScannedFile } from '../../file.ts'
import type { Fact, Source } from '../../source.ts'
import { isYaml } from '../../yaml-file.ts'
import { APPROVED, botFact, changeFact, relateStopped } from './stopped.ts'

const botKey = (record: ExportRecord): string => {
  const app = record.child('profile').text('api_app_id')
  return app === '' ? `slack:${record.text('team_id')}/${record.text('id')}` : `slack-app:${app}`
}

const isBot = (record: ExportRecord): boolean => record.is('is_bot') && record.has('profile')

const bot: Form = (record) => {
  if (!isBot(record)) return undefined
  const name = record.child('profile').text('real_name') || record.text('real_name', 'name')
  return {
    kind: 'bot',
    name: `Slack bot ${name}`,
    key: botKey(record),
    line: record.line,
    evidence: `bot ${record.text('name')}${record.is('deleted') ? ', deleted' : ''}`,
  }
}

const approvedApp: Form = (record, file) => {
  const app = record.child('app')
  if (!record.has('scopes') || !/^A[A-Z0-9]{6,20}$/.test(app.text('id'))) return undefined
  const scopes = record.children('scopes').map((scope) => `${scope.text('token_type') || 'bot'} ${scope.text('name')}`)
  return {
    kind: 'integration',
    name: `Slack app ${app.text('name')}`,
    key: `slack-app:${app.text('id')}`,
    line: record.line,
    evidence: `approved for ${scopes.length} scopes`,
    reaches: scopes.map((what) => ({
      what: `Slack: ${what}`,
      access: 'unknown' as const,
      because: APPROVED,
    })),
    traits: traitsOf(record, file, [wideOf(app.text('name'), scopes)]),
  }
}

const isChange = (record: ExportRecord): boolean =>
  /^A[A-Z0-9]{6,20}$/.test(record.text('app_id')) && record.has('change_type')

const installed: Form = (record, file) => {
  if (!isChange(record)) return undefined
  const scopes = record
    .text('scope')
    .split(',')
    .filter((scope) => scope !== '')
  return {
    kind: 'integration',
    name: `Slack app ${record.text('app_type', 'service_type') || record.text('app_id')}`,
    key: `slack-app:${record.text('app_id')}`,
    line: record.line,
    evidence: `${record.text('change_type')} by ${record.text('user_name') || 'somebody'}`,
    owner: { value: record.text('user_name'), because: 'who installed it' },
    traits: traitsOf(record, file, [
      wideOf(
        record.text('app_id'),
        scopes.map((scope) => `user ${scope}`),
      ),
    ]),
  }
}

const manifest: Form = (record, file) => {
  const scopes = record.child('oauth_config').child('scopes')
  if (!record.has('display_information') || !record.has('oauth_config')) return undefined
  const name = record.child('display_information').text('name')
  const all = [
    ...scopes.texts('bot').map((scope) => `bot ${scope}`),
    ...scopes.texts('user').map((scope) => `user ${scope}`),
  ]
  const redirects = looseRedirects(record.child('oauth_config').texts('redirect_urls'))
  const settings = record.child('settings')
  return {
    kind: 'bot',
    name: `Slack app ${name}`,
    key: `slack-manifest:${file.repository}:${file.repositoryPath}`,
    line: record.line,
    evidence: `manifest with ${all.length} scopes`,
    reaches: all.map((what) => ({ what: `Slack: ${what}`, access: 'unknown' as const, because: 'its manifest' })),
    traits: traitsOf(record, file, [
      wideOf(name, all),
      [redirects.length > 0, 'app:loose-redirect', redirects.slice(0, 5).join(', ')],
      [
        settings.has('token_rotation_enabled') && !settings.is('token_rotation_enabled'),
        'app:static-secret',
        `${name}: its tokens never end`,
      ],
    ]),
  }
}

const wideOf = (name: string, scopes: readonly string[]): readonly [boolean, string, string] => {
  const wide = scopes.filter((scope) => WIDE.test(scope))
  return [wide.length > 0, 'app:wide-scopes', `${name}: ${wide.join(', ')}`]
}

// To administer, or to read what everybody reads as one of them.
const WIDE =
  /^(?:\w{2,10} admin(?:[.:]|$)|user (?:search:read|channels:history|groups:history|im:history|mpim:history|files:read|client)$)/

const json = exportSource(
  'slack',
  ['"is_bot"', '"approved_apps"', '"change_type"', '"display_information"'],
  [bot, approvedApp, installed, manifest],
)

const factsOf = (record: ExportRecord, file: ScannedFile): Fact[] => [
  ...(isBot(record) ? [botFact(record, botKey(record), file)] : []),
  ...(isChange(record) ? [changeFact(record, `slack-app:${record.text('app_id')}`, file)] : []),
]

// Slack shows a manifest in YAML as well as in JSON.
const MANIFEST_WORDS = ['display_information:', 'oauth_config:']

/** What Slack exports: bots, approved and installed apps; and the manifest of an app. */
export const slackSource: Source = {
  ...json,
  read: (file, tools) => ({
    ...json.read(file, tools),
    facts: recordsOf(file).all.flatMap((record) => factsOf(record, file)),
  }),
  relate: relateStopped,
  wants: (file) => json.wants(file) || (isYaml(file) && MANIFEST_WORDS.every((word) => file.bytes.includes(word))),
}
