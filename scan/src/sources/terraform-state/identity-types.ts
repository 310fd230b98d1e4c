import { type JsonObject, objectOf, objectsOf, textOf } from '../../json-value.ts'
import type { CredentialType, Kind } from '../../report.ts'

/** A type of resource that is an identity, or a credential of one. */
export interface IdentityType {
  readonly kind: Kind
  readonly provider: string
  /** What it is called, with what it is of. */
  name(attributes: JsonObject): string
  /** What stays the same wherever it is seen; empty when the state does not say, and the address must do. */
  key(attributes: JsonObject): string
}

/** An attribute that holds a secret in the clear, whatever it looks like: the state has the value that is used. */
export interface SecretAttribute {
  readonly attribute: string
  readonly type: CredentialType
}

const named =
  (words: string, ...attributes: readonly string[]) =>
  (from: JsonObject): string =>
    `${words} ${attributes.map((attribute) => textOf(from, attribute)).find((text) => text !== '') ?? 'without a name'}`

const keyed =
  (prefix: string, ...attributes: readonly string[]) =>
  (from: JsonObject): string => {
    const value = attributes.map((attribute) => textOf(from, attribute)).find((text) => text !== '')
    return value === undefined ? '' : `${prefix}:${value}`
  }

const account = (provider: string, name: IdentityType['name'], key: IdentityType['key']): IdentityType => ({
  kind: 'account',
  provider,
  name,
  key,
})
const integration = (provider: string, name: IdentityType['name'], key: IdentityType['key']): IdentityType => ({
  ...account(provider, name, key),
  kind: 'integration',
})
const databaseUser = (attribute: string): IdentityType =>
  account(
    'database',
    (from) =>
      `database user ${textOf(from, attribute)} of ${textOf(from, 'identifier') || textOf(from, 'cluster_identifier') || textOf(from, 'address') || textOf(from, 'instance') || 'a server'}`,
    (from) => {
      const server = textOf(from, 'arn') || textOf(from, 'endpoint') || textOf(from, 'instance')
      return server === '' || textOf(from, attribute) === '' ? '' : `account:${server}/${textOf(from, attribute)}`
    },
  )

const metadataOf = (from: JsonObject): JsonObject => objectsOf(from.metadata)[0] ?? objectOf(from.metadata)

const kubernetesAccount = account(
  'kubernetes',
  (from) => `service account ${textOf(metadataOf(from), 'namespace')}/${textOf(metadataOf(from), 'name')}`,
  () => '',
)

const federatedCredential = integration(
  'azure',
  named('federated credential', 'display_name', 'name'),
  keyed('azure-federation', 'credential_id', 'id'),
)

/** By type of resource. AWS users and roles are not here: the code for AWS knows more of them. */
export const IDENTITY_TYPES: ReadonlyMap<string, IdentityType> = new Map([
  ['aws_db_instance', databaseUser('username')],
  ['aws_rds_cluster', databaseUser('master_username')],
  ['aws_docdb_cluster', databaseUser('master_username')],
  ['aws_redshift_cluster', databaseUser('master_username')],
  ['aws_iot_thing', { ...account('aws', named('device', 'name'), keyed('aws', 'arn')), kind: 'device' }],
  ['aws_cognito_user_pool_client', integration('aws', named('application', 'name', 'id'), keyed('cognito', 'id'))],
  ['aws_api_gateway_api_key', integration('aws', named('API key', 'name'), keyed('aws', 'arn'))],
  ['google_service_account', account('gcp', named('service account', 'email', 'account_id'), keyed('gcp', 'email'))],
  ['google_sql_user', databaseUser('name')],
  [
    'google_iam_workload_identity_pool_provider',
    integration('gcp', named('federation provider', 'name', 'id'), keyed('gcp', 'name')),
  ],
  [
    'azuread_application',
    integration(
      'azure',
      named('application', 'display_name', 'client_id'),
      keyed('azure', 'client_id', 'application_id'),
    ),
  ],
  [
    'azuread_application_registration',
    integration('azure', named('application', 'display_name'), keyed('azure', 'client_id')),
  ],
  [
    'azuread_service_principal',
    account(
      'azure',
      named('service principal', 'display_name', 'client_id'),
      keyed('azure', 'client_id', 'application_id'),
    ),
  ],
  ['azuread_application_federated_identity_credential', federatedCredential],
  ['azuread_application_flexible_federated_identity_credential', federatedCredential],
  ['azurerm_federated_identity_credential', federatedCredential],
  ['azurerm_user_assigned_identity', account('azure', named('managed identity', 'name'), keyed('azure', 'client_id'))],
  [
    'github_repository_deploy_key',
    account(
      'github',
      (from) => `deploy key ${textOf(from, 'title')} of ${textOf(from, 'repository')}`,
      keyed('github-deploy-key', 'id'),
    ),
  ],
  [
    'github_repository_webhook',
    integration('github', (from) => `webhook of ${textOf(from, 'repository')}`, keyed('github-webhook', 'url')),
  ],
  [
    'github_organization_webhook',
    integration('github', named('webhook of the organisation', 'url'), keyed('github-webhook', 'url')),
  ],
  ['gitlab_deploy_token', account('gitlab', named('deploy token', 'name'), keyed('gitlab-deploy-token', 'id'))],
  ['gitlab_deploy_key', account('gitlab', named('deploy key', 'title'), keyed('gitlab-deploy-key', 'id'))],
  [
    'gitlab_project_access_token',
    { ...account('gitlab', named('project token', 'name'), keyed('gitlab-token', 'id')), kind: 'bot' },
  ],
  [
    'gitlab_group_access_token',
    { ...account('gitlab', named('group token', 'name'), keyed('gitlab-token', 'id')), kind: 'bot' },
  ],
  ['okta_app_oauth', integration('okta', named('application', 'label', 'client_id'), keyed('okta', 'client_id'))],
  ['okta_app_saml', integration('okta', named('application', 'label'), keyed('okta', 'id'))],
  ['auth0_client', integration('auth0', named('application', 'name', 'client_id'), keyed('auth0', 'client_id'))],
  ['keycloak_openid_client', integration('keycloak', named('client', 'client_id'), keyed('keycloak', 'id'))],
  ['postgresql_role', account('database', named('database role', 'name'), () => '')],
  [
    'mysql_user',
    account(
      'database',
      (from) => `database user ${textOf(from, 'user')}@${textOf(from, 'host')}`,
      () => '',
    ),
  ],
  ['mongodbatlas_database_user', account('database', named('database user', 'username'), keyed('atlas', 'id'))],
  ['snowflake_user', account('database', named('database user', 'name'), () => '')],
  ['snowflake_service_user', account('database', named('database user', 'name'), () => '')],
  ['rabbitmq_user', account('broker', named('broker user', 'name'), () => '')],
  ['kubernetes_service_account', kubernetesAccount],
  ['kubernetes_service_account_v1', kubernetesAccount],
  ['vault_approle_auth_backend_role', account('vault', named('AppRole', 'role_name'), keyed('vault-role', 'role_id'))],
  ['grafana_service_account', account('grafana', named('service account', 'name'), keyed('grafana', 'id'))],
  ['datadog_service_account', account('datadog', named('service account', 'name', 'email'), keyed('datadog', 'id'))],
])

/** By type of resource: where secrets lie that no name gives away. */
export const SECRET_ATTRIBUTES: ReadonlyMap<string, readonly SecretAttribute[]> = new Map(
  (
    [
      ['aws_iam_access_key', 'secret', 'api-key'],
      ['aws_iam_access_key', 'ses_smtp_password_v4', 'password'],
      ['aws_iam_service_specific_credential', 'service_password', 'password'],
      ['aws_iam_user_login_profile', 'password', 'password'],
      ['aws_secretsmanager_secret_version', 'secret_string', 'api-key'],
      ['aws_api_gateway_api_key', 'value', 'api-key'],
      ['aws_db_instance', 'password', 'password'],
      ['aws_rds_cluster', 'master_password', 'password'],
      ['aws_docdb_cluster', 'master_password', 'password'],
      ['aws_redshift_cluster', 'master_password', 'password'],
      ['google_service_account_key', 'private_key', 'private-key'],
      ['google_secret_manager_secret_version', 'secret_data', 'api-key'],
      ['google_sql_user', 'password', 'password'],
      ['google_apikeys_key', 'key_string', 'api-key'],
      ['azuread_application_password', 'value', 'client-secret'],
      ['azuread_service_principal_password', 'value', 'client-secret'],
      ['azurerm_key_vault_secret', 'value', 'api-key'],
      ['azurerm_storage_account', 'primary_access_key', 'api-key'],
      ['github_actions_secret', 'plaintext_value', 'api-key'],
      ['github_actions_organization_secret', 'plaintext_value', 'api-key'],
      ['github_actions_environment_secret', 'plaintext_value', 'api-key'],
      ['gitlab_project_variable', 'value', 'api-key'],
      ['vault_generic_secret', 'data_json', 'api-key'],
      ['vault_kv_secret_v2', 'data_json', 'api-key'],
      ['vault_approle_auth_backend_role_secret_id', 'secret_id', 'client-secret'],
      ['vault_token', 'client_token', 'access-token'],
      ['random_password', 'result', 'password'],
      ['tls_private_key', 'private_key_pem', 'private-key'],
      ['tls_private_key', 'private_key_openssh', 'private-key'],
      ['datadog_api_key', 'key', 'api-key'],
      ['datadog_application_key', 'key', 'api-key'],
      ['cloudflare_api_token', 'value', 'access-token'],
      ['grafana_service_account_token', 'key', 'access-token'],
      ['tailscale_tailnet_key', 'key', 'access-token'],
      ['confluent_api_key', 'secret', 'api-key'],
      ['nomad_acl_token', 'secret_id', 'access-token'],
      ['mysql_user', 'plaintext_password', 'password'],
    ] as const
  ).reduce((byType, [resource, attribute, type]) => {
    byType.set(resource, [...(byType.get(resource) ?? []), { attribute, type }])
    return byType
  }, new Map<string, SecretAttribute[]>()),
)
