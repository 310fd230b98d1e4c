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
