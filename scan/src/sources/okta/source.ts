import { LIMITED_TO_NETWORKS } from '../../exports/credential-fact.ts'
import { exportSource, type Form, listedCredential, traitsOf } from '../../exports/export-source.ts'
import type { ExportRecord } from '../../exports/records.ts'
import { looseRedirects } from '../../exports/redirects.ts'

const app: Form = (record, file) => {
  if (!record.has('signOnMode') || !record.has('label')) return undefined
  const client = record.child('credentials').child('oauthClient')
  const settings = record.child('settings').child('oauthClient')
  const grants = settings.texts('grant_types')
  const loose = looseRedirects(settings.texts('redirect_uris'))
  const name = record.text('label')
  const method = client.text('token_endpoint_auth_method')
  const isOn = record.text('status') !== 'INACTIVE'
  return {
    kind: 'integration',
    name: `Okta application ${name}`,
    key: `okta:${client.text('client_id') || record.text('id')}`,
    line: record.line,
    evidence: `${record.text('signOnMode')} application${isOn ? '' : ', inactive'}`,
    traits: traitsOf(record, file, [
      [!isOn, 'account:stopped', `${name} is inactive`],
      [isOn && method.startsWith('client_secret'), 'app:static-secret', `${name}: ${method}`],
      [
        isOn && (grants.includes('password') || grants.includes('implicit')),
        'app:password-grant',
        `${name}: ${grants.join(', ')}`,
      ],
      [isOn && loose.length > 0, 'app:loose-redirect', loose.slice(0, 5).join(', ')],
    ]),
  }
}

const apiToken: Form = (record, file) => {
  if (!record.has('userId') || !(record.has('tokenWindow') || record.has('clientName'))) return undefined
  const name = `API token ${record.text('name')}`
  const network = record.child('network')
  const isLimited = network.text('connection') === 'ZONE' && network.texts('include').length > 0
  return {
    kind: 'account',
    name: `Okta ${name}`,
    key: `okta-token:${record.text('id')}`,
    line: record.line,
    evidence: `acts with the roles of user ${record.text('userId')}`,
    traits: [
      listedCredential(record, file, name, { made: 'created' }),
      ...traitsOf(record, file, [
        [true, 'credential:personal', `${name} of user ${record.text('userId')}`],
        [network.text('connection') === 'ANYWHERE', 'credential:unrestricted', name],
        [isLimited, LIMITED_TO_NETWORKS, `${name}: ${network.texts('include').slice(0, 5).join(', ')}`],
        // Each use puts its end off by the window, and Okta lets nobody but administrators make one.
        [true, 'credential:while-used', `${name} lives as long as it is used`],
        [true, 'account:administrators-only', `${name}: only an administrator of Okta can have one`],
      ]),
    ],
  }
}

const grant: Form = (record, file) => {
  const scope = record.text('scopeId')
  const client = record.text('clientId')
  if (!scope.startsWith('okta.') || client === '') return undefined
  return {
    kind: 'integration',
    name: `Okta application ${client}`,
    key: `okta:${client}`,
    line: record.line,
    evidence: `was granted ${scope}`,
    reaches: [
      {
        what: `Okta: ${scope}`,
        access: scope.endsWith('.manage') ? 'write' : 'read',
        because: 'scope that an administrator granted',
      },
    ],
    traits: traitsOf(record, file, [[WIDE.test(scope), 'app:wide-scopes', scope]]),
  }
}

// A role of an administrator that a service application was given; those of people are theirs.
const adminRole: Form = (record, file) => {
  const client = /\/oauth2\/v1\/clients\/([\w-]{1,100})$/.exec(linkOf(record, 'assignee'))?.[1]
  if (client === undefined || !record.has('assignmentType') || record.text('status') === 'INACTIVE') return undefined
  const [role, label] = [record.text('type'), record.text('label', 'type')]
  return {
    kind: 'integration',
    name: `Okta application ${client}`,
    key: `okta:${client}`,
    line: record.line,
    evidence: `has the role ${label}`,
    reaches: [{ what: `Okta as ${label}`, access: READING_ROLES.has(role) ? 'read' : 'admin', because: 'role' }],
    traits: traitsOf(record, file, [
      [ALL_ROLES.has(role), 'account:superuser', `role ${label}`],
      [BROAD_ROLES.has(role), 'account:broad-role', `role ${label}`],
    ]),
  }
}

const linkOf = (record: ExportRecord, name: string): string => record.child('_links').child(name).text('href')
const ALL_ROLES = new Set(['SUPER_ADMIN', 'ORG_ADMIN'])
const BROAD_ROLES = new Set(['APP_ADMIN', 'USER_ADMIN', 'API_ACCESS_MANAGEMENT_ADMIN', 'GROUP_MEMBERSHIP_ADMIN'])
const READING_ROLES = new Set(['READ_ONLY_ADMIN', 'REPORT_ADMIN'])

// One of an application's secrets, without its value; it says whose it is in its links alone.
const clientSecret: Form = (record, file) => {
  const links = ['deactivate', 'activate', 'delete'].map((name) => linkOf(record, name))
  const app = links.flatMap((link) => /\/apps\/([\w-]{1,100})\/credentials\/secrets\//.exec(link)?.[1] ?? [])[0]
  if (app === undefined || !record.has('secret_hash')) return undefined
  const name = `client secret ${record.text('id')}`
  const isOn = record.text('status') === 'ACTIVE'
  return {
    kind: 'integration',
    name: `Okta application ${app}`,
    key: `okta:${app}`,
    line: record.line,
    evidence: `${name}, ${record.text('status').toLowerCase()}`,
    traits: isOn ? [listedCredential(record, file, name, { made: 'created', never: true })] : [],
  }
}

// Where Okta sends events, or asks what to do.
const hook: Form = (record, file) => {
  const { config, kind } = {
    config: record.child('channel').child('config'),
    kind: record.has('events') ? 'event' : 'inline',
  }
  const uri = config.text('uri')
  if (uri === '' || !/^who|^cal/.test(record.text('id'))) return undefined
  const isOn = record.text('status') === 'ACTIVE'
  const name = `${kind} hook ${record.text('name')}`
  return {
    kind: 'integration',
    name: `Okta ${name}`,
    key: `okta-hook:${record.text('id')}`,
    line: record.line,
    evidence: `${isOn ? 'calls' : 'inactive, would call'} ${URL.parse(uri)?.host ?? 'an address'}`,
    traits: traitsOf(record, file, [
      [
        isOn && !config.child('authScheme').has('type') && record.child('channel').text('type') !== 'OAUTH',
        'webhook:unsigned',
        name,
      ],
      [isOn && uri.startsWith('http:'), 'webhook:unchecked-tls', name],
    ]),
  }
}

const WIDE = /^okta\.(?:roles|apps|users|groups|policies|authorizationServers|apiTokens|idps|clients)\.manage$/

/** What Okta exports: applications, their secrets and roles, API tokens, scopes of its own API that were granted, hooks. */
export const oktaSource = exportSource(
  'okta',
  [
    'signOnMode',
    '"tokenWindow"',
    '"clientName"',
    '"scopeId"',
    '"assignmentType"',
    '"secret_hash"',
    '"authScheme"',
    '/api/v1/eventHooks/',
    '/api/v1/inlineHooks/',
  ],
  [app, apiToken, grant, adminRole, clientSecret, hook],
)
