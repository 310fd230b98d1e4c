import { z } from 'zod'
import { type Vendor, vendorOf } from './vendor.ts'
import type { VendorName } from './vendors.ts'

const Host = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251})?$/, 'is a host name or an address')

const Api = z
  .url({ protocol: /^https?$/ })
  .max(300)
  .refine((text) => URL.canParse(text) && new URL(text).username + new URL(text).password === '', 'must hold no login')

/** As whom Google is asked, and where. */
const google = {
  endpoint: Api.optional(),
  provider: z
    .string()
    .regex(
      /^\/\/iam\.googleapis\.com\/projects\/\d{1,20}\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/,
      'is the full name of a provider, //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID',
    )
    .optional(),
  serviceAccount: z
    .string()
    .max(200)
    .regex(
      /^[a-z0-9-]{1,80}@(?:[a-z0-9-]{1,60}\.){1,4}gserviceaccount\.com$/,
      'is the mail address of a service account',
    )
    .optional(),
}
const googleProblem = (
  { endpoint, provider }: { readonly endpoint?: string | undefined; readonly provider?: string | undefined },
  hasSecret: boolean,
): string | undefined => {
  if (hasSecret) return undefined
  if (provider !== undefined) return 'with provider it takes a token of that issuer as the secret'
  return endpoint === undefined ? undefined : 'without a secret only Google itself is asked: leave endpoint out'
}
const GOOGLE_SECRET =
  'the key of a service account in JSON, or with provider a token of its issuer; without a secret the service account that this server runs as'
const LISTED =
  'cloudasset.assets.listResource (roles/cloudasset.viewer), and that API enabled in the project of its credential'
const DIRECTORY = 'https://www.googleapis.com/auth/admin.directory.user'

/** Every vendor. A new one is a folder, and a line here. INVARIANT: what it stands on is loaded when it is used. */
export const registry: Readonly<Record<VendorName, Vendor>> = {
  postgresql: vendorOf({
    name: 'postgresql',
    sources: ['databases'],
    secret: 'the password of the user',
    parts: [
      { name: 'roles', needs: 'select on pg_roles' },
      { name: 'memberships', needs: 'select on pg_auth_members' },
    ],
    settings: z.strictObject({
      host: Host,
      port: z
        .string()
        .regex(/^\d{1,5}$/, 'is a number')
        .default('5432'),
      database: z.string().min(1).max(63).default('postgres'),
      user: z.string().min(1).max(63),
      tls: z.enum(['verify', 'off']).default('verify'),
    }),
    load: async () => (await import('./postgresql/source.ts')).postgresqlSource,
  }),
  github: vendorOf({
    name: 'github',
    sources: ['github'],
    secret: 'a token, or with app and installation the private key of the app in PEM',
    parts: [
      { name: 'installations', needs: 'organisation permission Administration: read' },
      { name: 'tokens', needs: 'an app with organisation permission Personal access tokens: read' },
      { name: 'credentials', needs: 'single sign-on by SAML, and organisation permission Administration: read' },
      { name: 'hooks', needs: 'organisation permission Webhooks: read' },
      { name: 'secrets', needs: 'organisation permission Secrets: read' },
      { name: 'repositories', needs: 'repository permission Metadata: read' },
      { name: 'deploy-keys', needs: 'repository permission Administration: read' },
      { name: 'repository-hooks', needs: 'repository permission Webhooks: read' },
      { name: 'repository-secrets', needs: 'repository permission Secrets: read' },
    ],
    settings: z
      .strictObject({
        organisation: z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/, 'is the login of an organisation'),
        api: Api.default('https://api.github.com'),
        app: z
          .string()
          .regex(/^[A-Za-z0-9.]{1,40}$/, 'is the id of an app')
          .optional(),
        installation: z
          .string()
          .regex(/^\d{1,20}$/, 'is a number')
          .optional(),
      })
      .refine(({ app, installation }) => (app === undefined) === (installation === undefined), {
        message: 'name both app and installation, or neither',
      }),
    load: async () => (await import('./github/source.ts')).githubSource,
  }),
  aws: vendorOf({
    name: 'aws',
    sources: ['aws'],
    secret: 'JSON with accessKeyId and secretAccessKey; without a secret the role that this server runs as',
    isSecretOptional: true,
    parts: [
      { name: 'authorization', needs: 'iam:GetAccountAuthorizationDetails' },
      { name: 'credential-report', needs: 'iam:GenerateCredentialReport and iam:GetCredentialReport' },
    ],
    settings: z.strictObject({
      region: z
        .string()
        .regex(/^[a-z0-9-]{1,40}$/, 'is a region')
        .default('us-east-1'),
      endpoint: Api.optional(),
    }),
    tagValue: /^[\p{L}\p{Z}\p{N}_.:/=+@-]{1,256}$/u,
    load: async () => (await import('./aws/source.ts')).awsSource,
  }),
  kubernetes: vendorOf({
    name: 'kubernetes',
    sources: ['kubernetes'],
    secret: 'the token of a service account',
    parts: [
      ...['serviceaccounts', 'roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
      ...['pods', 'deployments', 'statefulsets', 'daemonsets', 'jobs', 'cronjobs'],
    ].map((name) => ({ name, needs: `list of ${name} in all namespaces` })),
    settings: z.strictObject({
      cluster: z.string().regex(/^[\w.-]{1,60}$/, 'is a short name without spaces'),
      server: Api,
      ca: z
        .string()
        .regex(/^-----BEGIN CERTIFICATE-----\n/, 'is a certificate in PEM')
        .optional(),
    }),
    tagValue: /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/,
    load: async () => (await import('./kubernetes/source.ts')).kubernetesSource,
  }),
  okta: vendorOf({
    name: 'okta',
    sources: ['okta'],
    secret: 'an API token, or with scheme Bearer an access token',
    parts: [
      { name: 'apps', needs: 'okta.apps.read' },
      { name: 'tokens', needs: 'okta.apiTokens.read' },
      { name: 'grants', needs: 'okta.appGrants.read' },
    ],
    settings: z.strictObject({ url: Api, scheme: z.enum(['SSWS', 'Bearer']).default('SSWS') }),
    load: async () => (await import('./okta/source.ts')).oktaSource,
  }),
  slack: vendorOf({
    name: 'slack',
    sources: ['slack'],
    secret: 'a token of an app',
    parts: [
      { name: 'bots', needs: 'users:read' },
      { name: 'approved-apps', needs: 'admin.apps:read' },
      { name: 'integration-logs', needs: 'a user token of an administrator with admin' },
    ],
    settings: z.strictObject({
      workspace: z.string().regex(/^[\w.-]{1,60}$/, 'is a short name without spaces'),
      api: Api.default('https://slack.com/api'),
    }),
    load: async () => (await import('./slack/source.ts')).slackSource,
  }),
  gcp: vendorOf({
    name: 'gcp',
    sources: ['gcp', 'secret-stores'],
    secret: GOOGLE_SECRET,
    isSecretOptional: true,
    parts: [
      ...[
        'service-accounts',
        'service-account-keys',
        'workload-identity',
        'workloads',
        'api-keys',
        'secrets',
        'roles',
      ].map((name) => ({ name, needs: LISTED })),
      {
        name: 'policies',
        needs:
          'cloudasset.assets.searchAllIamPolicies (roles/cloudasset.viewer), and that API enabled in the project of its credential',
      },
    ],
    settings: z.strictObject({
      scope: z
        .string()
        .regex(
          /^(?:(?:organizations|folders)\/\d{1,20}|projects\/[a-z0-9][a-z0-9.:-]{3,60})$/,
          'is organizations/NUMBER, folders/NUMBER or projects/ID',
        ),
      ...google,
    }),
    // What is a label at every service: no capitals.
    tagValue: /^[a-z0-9_-]{1,63}$/,
    problem: googleProblem,
    load: async () => (await import('./gcp/source.ts')).gcpSource,
  }),
  'google-workspace': vendorOf({
    name: 'google-workspace',
    sources: ['google-workspace'],
    secret: GOOGLE_SECRET,
    isSecretOptional: true,
    parts: [
      { name: 'users', needs: `the scope ${DIRECTORY}.readonly, and a role of administrators that reads users` },
      ...['tokens', 'app-passwords'].map((name) => ({
        name,
        needs: `the scope ${DIRECTORY}.security, and a role of administrators that manages the security of users`,
      })),
    ],
    settings: z.strictObject({
      customer: z
        .string()
        .regex(/^(?:my_customer|C[A-Za-z0-9]{1,20})$/, 'is my_customer, or the id of a customer')
        .default('my_customer'),
      admin: z.email().max(200).optional(),
      ...google,
    }),
    problem: googleProblem,
    load: async () => (await import('./google-workspace/source.ts')).googleWorkspaceSource,
  }),
  azure: vendorOf({
    name: 'azure',
    sources: ['azure', 'secret-stores'],
    secret:
      'a client secret, or with proof certificate a private key and its certificate in PEM, or with proof federation a token',
    parts: [
      { name: 'applications', needs: 'Application.Read.All' },
      { name: 'federated-credentials', needs: 'Application.Read.All' },
      { name: 'owners', needs: 'Application.Read.All and, for their names, User.ReadBasic.All' },
      { name: 'service-principals', needs: 'Application.Read.All' },
      { name: 'app-roles', needs: 'Application.Read.All' },
      { name: 'grants', needs: 'Directory.Read.All, or DelegatedPermissionGrant.Read.All' },
      { name: 'directory-roles', needs: 'RoleManagement.Read.Directory' },
      { name: 'sign-ins', needs: 'AuditLog.Read.All, and a tenant with Entra ID P1' },
      ...['subscriptions', 'managed-identities', 'identity-federation', 'role-assignments'],
      ...['role-definitions', 'vaults', 'vault-secrets'],
    ].map((part) => (typeof part === 'string' ? { name: part, needs: 'the role Reader on the subscription' } : part)),
    settings: z.strictObject({
      tenant: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'is the id or a domain of a tenant'),
      client: z.string().regex(/^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'is the id of an application'),
      proof: z.enum(['secret', 'certificate', 'federation']).default('secret'),
      cloud: z.enum(['public', 'us-government', 'us-defense', 'china']).default('public'),
      subscriptions: z
        .string()
        .max(4_000)
        .regex(/^[0-9a-fA-F-]{36}(?:,[0-9a-fA-F-]{36})*$/, 'are ids, with commas between')
        .optional(),
      login: Api.optional(),
      graph: Api.optional(),
      arm: Api.optional(),
    }),
    tagValue: /^[^\p{C}]{1,256}$/u,
    load: async () => (await import('./azure/source.ts')).azureSource,
  }),
}
