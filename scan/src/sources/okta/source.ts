import { exportSource, type Form, listedCredential, traitsOf } from '../../exports/export-source.ts'
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
        [record.child('network').text('connection') === 'ANYWHERE', 'credential:unrestricted', name],
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

const WIDE = /^okta\.(?:roles|apps|users|groups|policies|authorizationServers|apiTokens|idps|clients)\.manage$/

/** What Okta exports: applications, API tokens, and the scopes of its own API that were granted. */
export const oktaSource = exportSource(
  'okta',
  ['signOnMode', '"tokenWindow"', '"clientName"', '"scopeId"'],
  [app, apiToken, grant],
)
