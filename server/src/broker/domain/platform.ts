import type { JsonObject } from './compact-jwt.ts'

/** Whose tokens a trust believes, as far as the rules differ. */
export type Platform = 'github' | 'gitlab' | 'kubernetes' | 'google' | 'entra' | 'aws' | 'spiffe' | 'id-jag' | 'other'

/** What platforms sign with; a caller of AWS is told by its STS, which checked a signature of its own kind. */
export type PlatformAlgorithm =
  | ('ES256' | 'ES384' | 'ES512' | 'EdDSA')
  | ('RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512')
  | 'AWS4-HMAC-SHA256'

/**
 * `again`: the platform hands one token to a workload for as long as that lives, which therefore comes with it again and
 * again. `once`: each token is for one use.
 */
export type TokenUse = 'once' | 'again'

/** What is known of a platform. */
export interface PlatformRules {
  /** The only algorithms that its signatures are checked with (RFC 8725 §3.1). */
  readonly algorithms: readonly PlatformAlgorithm[]
  /** How its tokens are used where the trust does not say. */
  readonly tokens: TokenUse
  /** The claim that tells the running copy from others. */
  readonly instance: string | undefined
  readonly workflow: string | undefined
  readonly repository: string | undefined
  readonly run: string | undefined
}

/** The rules of a platform. */
export const rulesOf = (platform: Platform): PlatformRules => PLATFORMS[platform]

/** Which platform an issuer is, where its URL tells. */
export const platformOf = (issuer: string): Platform | undefined => ISSUERS.find(([form]) => form.test(issuer))?.[1]

/** Whether whoever proves itself with this platform says for which server: that must be this one, by its URL. */
export const isMadeForUs = (platform: Platform): boolean =>
  platform === 'aws' || platform === 'spiffe' || platform === 'id-jag'

/** The text of a claim; a name that begins with a slash is an RFC 6901 pointer into the claims. */
export const claimOf = (claims: JsonObject, name: string): string | undefined => {
  const path = name.startsWith('/') ? name.slice(1).split('/').map(readMember) : [name]
  let value: unknown = claims
  for (const member of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, member))
      return undefined
    value = Reflect.get(value, member)
  }
  // Beyond these, several numbers of a token are read as one: two ids of 64 bits would be the same identity.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? value : undefined
}

// RFC 6901 §4, in this order.
const readMember = (member: string): string => member.replaceAll('~1', '/').replaceAll('~0', '~')

const NOTHING = { instance: undefined, workflow: undefined, repository: undefined, run: undefined }

const PLATFORMS: Readonly<Record<Platform, PlatformRules>> = {
  github: {
    algorithms: ['RS256'],
    tokens: 'once',
    instance: 'run_id',
    workflow: 'workflow',
    repository: 'repository',
    run: 'run_id',
  },
  gitlab: {
    algorithms: ['RS256'],
    tokens: 'again',
    instance: 'job_id',
    workflow: undefined,
    repository: 'project_path',
    run: 'pipeline_id',
  },
  kubernetes: {
    algorithms: ['RS256', 'ES256'],
    tokens: 'again',
    ...NOTHING,
    instance: '/kubernetes.io/pod/uid',
  },
  google: { algorithms: ['RS256'], tokens: 'again', ...NOTHING },
  entra: { algorithms: ['RS256'], tokens: 'again', ...NOTHING },
  aws: { algorithms: ['AWS4-HMAC-SHA256'], tokens: 'once', ...NOTHING, instance: 'session' },
  // JWT-SVID §2.2. An agent keeps one for each audience, and hands it out until it is half over.
  spiffe: {
    algorithms: ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
    tokens: 'again',
    ...NOTHING,
  },
  // Another authorization server, by its grants for a client that proves itself besides; no tokens of workloads.
  'id-jag': { algorithms: ['ES256', 'EdDSA', 'RS256', 'PS256'], tokens: 'once', ...NOTHING },
  // AWS's outbound federation (GetWebIdentityToken) signs with ES384 or RS256, by the issuer of each account.
  other: { algorithms: ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'], tokens: 'once', ...NOTHING },
}

const ISSUERS: readonly (readonly [RegExp, Platform])[] = [
  // An enterprise may have an issuer of its own below it, or a domain of its own; a server of its own has this path.
  [/^https:\/\/token\.actions\.githubusercontent\.com(?:\/[\w.-]+)?$/, 'github'],
  [/^https:\/\/token\.actions\.[\w-]+\.ghe\.com(?:\/[\w.-]+)?$/, 'github'],
  [/^https:\/\/[\w.-]+(?::\d+)?\/_services\/token$/, 'github'],
  [/^https:\/\/gitlab\.com$/, 'gitlab'],
  [/^https:\/\/oidc\.eks\.[\w-]+\.amazonaws\.com(?:\.cn)?\/id\//, 'kubernetes'],
  [/^https:\/\/container\.googleapis\.com\/v1\/projects\//, 'kubernetes'],
  [/^https:\/\/[\w-]+\.oic\.prod-aks\.azure\.com\//, 'kubernetes'],
  [/^https:\/\/kubernetes\.default\.svc/, 'kubernetes'],
  [/^https:\/\/accounts\.google\.com$/, 'google'],
  [/^https:\/\/login\.microsoftonline\.com\//, 'entra'],
  [/^https:\/\/sts\.windows\.net\//, 'entra'],
  [/^arn:aws[a-z-]*:sts$/, 'aws'],
  [/^spiffe:/, 'spiffe'],
]
