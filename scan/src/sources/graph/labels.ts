import type { ExportRecord } from '../../exports/records.ts'
import type { Kind } from '../../report.ts'

/** What a node of a graph is to us, by its label. */
export interface NodeForm {
  readonly kind: Kind
  readonly words: string
  /** The key under which every other source tells of it. */
  key(properties: ExportRecord): string
}

const form = (kind: Kind, words: string, prefix: string, ...fields: readonly string[]): NodeForm => ({
  kind,
  words,
  key: (properties) => {
    const value = properties.text(...fields)
    return value === '' ? '' : `${prefix}:${value}`
  },
})

/** Labels of Cartography's schema that are identities of machines, or what they prove themselves with. */
export const NODE_FORMS: ReadonlyMap<string, NodeForm> = new Map([
  ['AWSRole', form('account', 'role', 'aws', 'arn')],
  ['AWSUser', form('account', 'user', 'aws', 'arn')],
  ['AccountAccessKey', form('account', 'access key', 'aws-access-key', 'accesskeyid', 'id')],
  ['AWSLambda', form('service', 'function', 'aws', 'arn', 'id')],
  ['GCPServiceAccount', form('account', 'service account', 'gcp', 'email')],
  ['GCPServiceAccountKey', form('account', 'key', 'gcp', 'name', 'id')],
  ['EntraApplication', form('integration', 'application', 'azure', 'app_id')],
  ['EntraServicePrincipal', form('account', 'service principal', 'azure', 'app_id')],
  ['AzureServicePrincipal', form('account', 'service principal', 'azure', 'app_id', 'appid')],
  ['KubernetesServiceAccount', form('account', 'service account', 'kubernetes-graph', 'id')],
  ['OktaApplication', form('integration', 'application', 'okta', 'client_id', 'id')],
  ['GitHubPersonalAccessToken', form('account', 'token', 'github-token', 'token_id', 'id')],
  ['GitHubActionsSecret', form('account', 'secret', 'github-secret', 'id')],
  ['GitHubDeployKey', form('account', 'deploy key', 'github-deploy-key', 'id')],
  ['OpenAIServiceAccount', form('account', 'service account', 'openai', 'id')],
  ['OpenAIApiKey', form('account', 'key', 'openai-key', 'id')],
  ['OpenAIAdminApiKey', form('account', 'key', 'openai-key', 'id')],
  ['AnthropicApiKey', form('account', 'key', 'anthropic-key', 'id')],
  ['KeycloakClient', form('integration', 'client', 'keycloak', 'id')],
  ['ScalewayApplication', form('account', 'application', 'scaleway', 'id')],
  ['ScalewayApiKey', form('account', 'key', 'scaleway-key', 'id')],
  ['SnowflakeUser', form('account', 'database user', 'snowflake', 'name')],
  ['DatabricksServicePrincipal', form('account', 'service principal', 'databricks', 'application_id')],
])
