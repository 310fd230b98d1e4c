/**
 * The identities in the real exports of clouds and services, by distinct key, counted by a reader and another program
 * before the parsers were written. Paths are below `cartography-fixtures`; a file of these folders that is not listed has none.
 */
export const EXPORT_LABELS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // Service accounts, everybody, providers of federation, keys of APIs; an account that a function or a node runs as counts.
  gcp: {
    'gcp/apikeys.json': 2,
    'gcp/bigquery.json': 1,
    'gcp/cloud_sql.json': 1,
    'gcp/cloudrun.json': 2,
    'gcp/compute.json': 1,
    'gcp/gcf.json': 3,
    'gcp/gke.json': 1,
    'gcp/iam.json': 2,
    'gcp/permission_relationships.json': 1,
    'gcp/policy_bindings.json': 2,
    'gcp/vertex.json': 1,
    'gcp/workload_identity.json': 2,
  },
  // An application and its service principal are one; users and groups are none.
  azure: {
    'azure/rbac.json': 1,
    'microsoft/entra/applications.json': 2,
  },
  // Two fine-grained tokens and two credentials that single sign-on let in; six secrets.
  github: {
    'github/actions.json': 6,
    'github/personal_access_tokens.json': 4,
  },
  okta: { 'okta/application.json': 1 },
  'google-workspace': { 'googleworkspace/api.json': 2 },
  // Five secrets of AWS (each once, whatever lists it) and its two sealed parameters; versions are none.
  'secret-stores': {
    'aws/secretsmanager.json': 5,
    'aws/ssm.json': 2,
    'azure/key_vaults.json': 1,
    'gcp/secretsmanager.json': 2,
  },
  slack: { 'slack/users.json': 1 },
  services: {
    'anthropic/apikeys.json': 1,
    'circleci/checkout_keys.json': 1,
    'circleci/webhooks.json': 1,
    'databricks/account_service_principals.json': 1,
    'databricks/federation_policies.json': 2,
    'databricks/service_principals.json': 1,
    'databricks/tokens.json': 2,
    'keycloak/clients.json': 9,
    'netlify/deploykeys.json': 1,
    'openai/adminapikeys.json': 2,
    'openai/apikeys.json': 2,
    'openai/serviceaccounts.json': 1,
    'scaleway/iam.json': 4,
    'snowflake/access_tokens.json': 3,
    'snowflake/users.json': 1,
    'supabase/apikeys.json': 4,
    'vercel/edgeconfigtokens.json': 2,
    'vercel/integrations.json': 2,
    'vercel/webhooks.json': 2,
  },
}
