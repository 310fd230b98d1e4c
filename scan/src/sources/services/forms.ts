import { type Form, listedCredential, traitsOf } from '../../exports/export-source.ts'
import type { ExportRecord } from '../../exports/records.ts'
import { looseRedirects } from '../../exports/redirects.ts'
import { isOfPullRequests } from '../../exports/subject.ts'
import type { Kind } from '../../report.ts'

/** A credential of a service that a row tells of: how to know one, and which fields say how old it is. */
interface Row {
  /** Whether an object is one. */
  is(record: ExportRecord): boolean
  readonly kind: Kind
  readonly prefix: string
  id(record: ExportRecord): string
  name(record: ExportRecord): string
  readonly made?: string
  readonly used?: string
  readonly ends?: string
  readonly never?: boolean
  /** Whether it is no longer in force. */
  isOver?(record: ExportRecord): boolean
  facts?(record: ExportRecord): readonly (readonly [boolean, string, string])[]
}

const formOf =
  (row: Row): Form =>
  (record, file) => {
    if (!row.is(record)) return undefined
    const name = row.name(record)
    const hasAge = row.made !== undefined || row.ends !== undefined || row.never === true
    const isOver = row.isOver?.(record) ?? false
    return {
      kind: row.kind,
      name,
      key: `${row.prefix}:${row.id(record)}`,
      line: record.line,
      evidence: `${name}${isOver ? ', no longer in force' : ''}`,
      traits: isOver
        ? []
        : [
            ...(hasAge ? [listedCredential(record, file, name, row)] : []),
            ...traitsOf(record, file, row.facts?.(record) ?? []),
          ],
    }
  }

const ownerText = (record: ExportRecord): string => record.child('owner').text('type')

const ROWS: readonly Row[] = [
  {
    is: (record) => /(?:admin_api_key|project\.api_key)$/.test(record.text('object')),
    kind: 'account',
    prefix: 'openai-key',
    id: (record) => record.text('id'),
    name: (record) => `OpenAI key ${record.text('name')}`,
    made: 'created_at',
    used: 'last_used_at',
    never: true,
    facts: (record) => [
      [
        record.text('object').endsWith('admin_api_key'),
        'app:wide-scopes',
        `${record.text('name')} administers the organisation`,
      ],
      [ownerText(record) === 'user', 'credential:personal', `OpenAI key ${record.text('name')}`],
    ],
  },
  {
    is: (record) => record.text('object').endsWith('project.service_account'),
    kind: 'account',
    prefix: 'openai',
    id: (record) => record.text('id'),
    name: (record) => `OpenAI service account ${record.text('name')}`,
    facts: (record) => [
      [record.text('role') === 'owner', 'app:wide-scopes', `${record.text('name')} owns its project`],
    ],
  },
  {
    is: (record) => record.text('type') === 'api_key' && record.has('partial_key_hint'),
    kind: 'account',
    prefix: 'anthropic-key',
    id: (record) => record.text('id'),
    name: (record) => `Anthropic key ${record.text('name')}`,
    made: 'created_at',
    ends: 'expires_at',
    isOver: (record) => record.has('status') && record.text('status') !== 'active',
  },
  {
    is: (record) => record.has('public-key') && record.has('fingerprint'),
    kind: 'account',
    prefix: 'circleci-checkout-key',
    id: (record) => record.text('fingerprint'),
    name: (record) => `CircleCI ${record.text('type') || 'key'} ${record.text('fingerprint')}`,
    made: 'created-at',
    never: true,
    facts: (record) => [
      [record.text('type').includes('user'), 'credential:personal', `checkout key ${record.text('fingerprint')}`],
    ],
  },
  {
    is: (record) => record.has('verify_tls') && record.has('url') && record.has('events'),
    kind: 'integration',
    prefix: 'circleci-webhook',
    id: (record) => record.text('id'),
    name: (record) => `CircleCI webhook ${record.text('name')}`,
    facts: (record) => [
      [record.text('signing_secret', 'signing-secret') === '', 'webhook:unsigned', record.text('name')],
      [
        record.text('verify_tls') === 'false' || record.text('url').startsWith('http://'),
        'webhook:unchecked-tls',
        record.text('name'),
      ],
    ],
  },
  {
    is: (record) => record.has('applicationId') && record.has('active') && record.has('displayName'),
    kind: 'account',
    prefix: 'databricks',
    id: (record) => record.text('applicationId'),
    name: (record) => `Databricks service principal ${record.text('displayName')}`,
    facts: (record) => [
      [
        record.children('groups').some((group) => group.text('display') === 'admins'),
        'account:broad-role',
        `${record.text('displayName')} is in the group admins`,
      ],
    ],
  },
  {
    is: (record) => record.has('token_id') && record.has('expiry_time'),
    kind: 'account',
    prefix: 'databricks-token',
    id: (record) => record.text('token_id'),
    name: (record) => `Databricks token ${record.text('comment') || record.text('token_id')}`,
    made: 'creation_time',
    ends: 'expiry_time',
  },
  {
    is: (record) => record.child('oidc_policy').text('issuer') !== '',
    kind: 'integration',
    prefix: 'databricks-federation',
    id: (record) => record.text('uid', 'name'),
    name: (record) => `Databricks federation ${record.text('name')}`,
    facts: (record) => {
      const policy = record.child('oidc_policy')
      const subject = policy.text('subject')
      return [
        [isOfPullRequests(subject), 'federation:pull-requests', `tokens of ${policy.text('issuer')} for ${subject}`],
        [subject.includes('*'), 'federation:wildcard', `tokens of ${policy.text('issuer')} for ${subject}`],
        [
          subject === '' && policy.text('subject_claim') === '',
          'federation:open',
          `tokens of ${policy.text('issuer')}`,
        ],
      ]
    },
  },
  {
    is: (record) => record.has('clientId') && record.has('serviceAccountsEnabled') && record.has('publicClient'),
    kind: 'integration',
    prefix: 'keycloak',
    id: (record) => record.text('id'),
    name: (record) => `Keycloak client ${record.text('clientId')}`,
    isOver: (record) => record.text('enabled') === 'false',
    facts: (record) => {
      const loose = looseRedirects(record.texts('redirectUris').filter((uri) => /^(?:https?:\/\/|\*|\/\*$)/.test(uri)))
      const isBuiltIn = /^(?:account|account-console|admin-cli|broker|realm-management|security-admin-console)$/.test(
        record.text('clientId'),
      )
      return [
        [loose.length > 0, 'app:loose-redirect', `${record.text('clientId')}: ${loose.slice(0, 5).join(', ')}`],
        [
          !isBuiltIn && (record.is('directAccessGrantsEnabled') || record.is('implicitFlowEnabled')),
          'app:password-grant',
          record.text('clientId'),
        ],
        [
          !record.is('publicClient') &&
            !record.is('bearerOnly') &&
            record.text('clientAuthenticatorType') === 'client-secret' &&
            record.is('serviceAccountsEnabled'),
          'app:static-secret',
          record.text('clientId'),
        ],
        [
          record.is('serviceAccountsEnabled') && record.is('fullScopeAllowed'),
          'app:wide-scopes',
          `${record.text('clientId')} has every role of its account in every token`,
        ],
      ]
    },
  },
  {
    is: (record) => /^(?:ssh|ecdsa)-/.test(record.text('public_key')) && record.has('id') && !record.has('fingerprint'),
    kind: 'account',
    prefix: 'netlify-deploy-key',
    id: (record) => record.text('id'),
    name: (record) => `Netlify deploy key ${record.text('id')}`,
    made: 'created_at',
    never: true,
  },
  {
    is: (record) => record.has('nb_api_keys') && record.has('organization_id'),
    kind: 'account',
    prefix: 'scaleway',
    id: (record) => record.text('id'),
    name: (record) => `Scaleway application ${record.text('name')}`,
  },
  {
    is: (record) => record.has('access_key') && record.has('default_project_id'),
    kind: 'account',
    prefix: 'scaleway-key',
    id: (record) => record.text('access_key'),
    name: (record) => `Scaleway key ${record.text('description') || record.text('access_key')}`,
    made: 'created_at',
    ends: 'expires_at',
    facts: (record) => [
      [
        record.text('user_id') !== '',
        'credential:personal',
        `key ${record.text('description') || record.text('access_key')}`,
      ],
    ],
  },
  {
    is: (record) => record.has('role_restriction') && record.has('user_name'),
    kind: 'account',
    prefix: 'snowflake-token',
    id: (record) => `${record.text('user_name')}/${record.text('name')}`,
    name: (record) => `Snowflake token ${record.text('name')} of ${record.text('user_name')}`,
    made: 'created_on',
    ends: 'expires_at',
    isOver: (record) => record.text('status') !== 'ACTIVE',
    facts: (record) => [
      [
        record.text('role_restriction') === '',
        'credential:unrestricted',
        `token ${record.text('name')} has every role of ${record.text('user_name')}`,
      ],
    ],
  },
  {
    is: (record) =>
      record.has('login_name') && record.has('default_role') && /^(?:LEGACY_)?SERVICE$/.test(record.text('type')),
    kind: 'account',
    prefix: 'snowflake',
    id: (record) => record.text('name'),
    name: (record) => `Snowflake service user ${record.text('name')}`,
    isOver: (record) => record.is('disabled'),
    facts: (record) => [
      [
        /^(?:ACCOUNTADMIN|SECURITYADMIN|SYSADMIN|ORGADMIN)$/.test(record.text('default_role')),
        'account:superuser',
        `role ${record.text('default_role')}`,
      ],
      [
        record.has('network_policy') && record.text('network_policy') === '',
        'account:from-anywhere',
        `user ${record.text('name')}`,
      ],
      [record.is('has_password'), 'app:static-secret', `user ${record.text('name')} has a password`],
    ],
  },
  {
    is: (record) => record.has('secret_jwt_template') && record.has('prefix'),
    kind: 'account',
    prefix: 'supabase-key',
    id: (record) => record.text('id', 'name'),
    name: (record) => `Supabase key ${record.text('name')}`,
    made: 'inserted_at',
    never: true,
    facts: (record) => [
      [
        record.text('type') === 'legacy' && record.text('name') === 'service_role',
        'app:wide-scopes',
        'service_role goes around every row policy',
      ],
    ],
  },
  {
    is: (record) => /^ect_/.test(record.text('id')),
    kind: 'account',
    prefix: 'vercel-token',
    id: (record) => record.text('id'),
    name: (record) => `Vercel edge config token ${record.text('label')}`,
    made: 'createdAt',
    never: true,
  },
  {
    is: (record) => /^icfg_/.test(record.text('id')),
    kind: 'integration',
    prefix: 'vercel-integration',
    id: (record) => record.text('id'),
    name: (record) => `Vercel integration ${record.text('slug')}`,
    facts: (record) => [
      [record.text('projectSelection') === 'all', 'app:wide-scopes', `${record.text('slug')}: every project`],
    ],
  },
  {
    is: (record) => /^(?:whk|account_hook)_/.test(record.text('id')) && record.has('url'),
    kind: 'integration',
    prefix: 'vercel-webhook',
    id: (record) => record.text('id'),
    name: (record) => `Vercel webhook ${record.text('id')}`,
    // Vercel signs every one of them.
    facts: (record) => [[record.text('url').startsWith('http://'), 'webhook:unchecked-tls', record.text('id')]],
  },
]

/** One form a row. */
export const FORMS: readonly Form[] = ROWS.map(formOf)
