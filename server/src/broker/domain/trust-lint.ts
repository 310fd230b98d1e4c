import { readTrustedArn } from './aws-arn.ts'
import { partitionOf, partitionOfIssuer } from './aws-region.ts'
import { isMadeForUs, type Platform, platformOf, rulesOf } from './platform.ts'
import { readSpiffeId, readSpiffePrefix, trustDomainOf } from './spiffe-id.ts'
import { MERGE_SOURCES, pinsOf, type TrustTerms } from './trust.ts'

/** Something that is wrong with a trust: `refused` ones are not added, `flagged` ones are, with a finding. */
export interface TrustLint {
  readonly code: TrustLintCode
  readonly level: 'refused' | 'flagged'
  readonly why: string
  readonly fix: string
}

/** Everything that is wrong with a trust; `ownIssuer` is the URL of this server. */
export const lintTrust = (terms: TrustTerms, ownIssuer: string): readonly TrustLint[] => {
  const codes = [
    ...ofIssuer(terms, ownIssuer),
    ...ofAudience(terms, ownIssuer),
    ...ofClaims(terms),
    ...ofPlatform(terms),
  ]
  return [...new Set(codes)].map((code) => ({ code, ...LINTS[code] }))
}

/** Whether a lint keeps a trust from being added. */
export const isRefused = ({ level }: TrustLint): boolean => level === 'refused'

/** What can be wrong. */
export type TrustLintCode = keyof typeof LINTS

const refused = (why: string, fix: string) => ({ level: 'refused' as const, why, fix })
const flagged = (why: string, fix: string) => ({ level: 'flagged' as const, why, fix })

const LINTS = {
  'issuer-own': refused(
    'tokens of this server would prove an identity to this server, beside everything that bounds them',
    'name the issuer of the platform on which the workload runs',
  ),
  'issuer-malformed': refused(
    'an issuer is an https URL without query and fragment, written exactly as in the `iss` of its tokens; or arn:aws:sts, or spiffe://TRUST-DOMAIN',
    'copy `iss` from a token of the platform: `reeve token show FILE`',
  ),
  'issuer-of-many': refused(
    'this address of Entra stands for every tenant, and no token names it as its issuer',
    'name the issuer of one tenant: https://login.microsoftonline.com/TENANT-ID/v2.0',
  ),
  'issuer-without-tls': flagged(
    'whoever is on the way to this issuer can answer with keys of their own',
    'serve the issuer over https',
  ),
  'platform-differs': refused(
    'the URL of the issuer says which platform it is, and it is another one than was named',
    'leave `platform` out',
  ),
  'audience-missing': refused(
    'a token that was made for anybody else would be accepted here',
    'have the platform make the token for this server, and name that audience',
  ),
  'audience-wildcard': refused('an audience with `*` accepts tokens that were made for others', 'name one audience'),
  'audience-of-another': refused(
    'this audience belongs to another service: whoever runs or fools it could use its tokens here',
    'have the platform make the token for this server, with the URL of this server as the audience',
  ),
  'audience-not-ours': flagged(
    'the audience is not this server: a token for whoever else uses that name is accepted here as well',
    'use the URL of this server as the audience',
  ),
  'audience-must-be-ours': refused(
    'whoever proves itself in this way says for which server, and it must be this one',
    'leave the audience out',
  ),
  'claim-checked-anyway': refused(
    '`iss`, `aud`, `exp`, `nbf`, `iat` and `jti` are checked by their own rules',
    'leave these claims out',
  ),
  'claim-empty': refused('a claim is pinned to nothing', 'give each claim its text'),
  'subject-missing': refused(
    'nothing says whose token it must be: everybody whom this issuer knows would be this identity',
    'pin `sub` to the exact subject of the workload',
  ),
  'subject-wildcard': refused(
    'a subject with `*` accepts whoever can get a subject that begins alike',
    'pin the exact subject, or the claims that it is made of',
  ),
  'claim-wildcard': refused(
    '`*` stands where it accepts more than one can see, or not at the end',
    'write `*` at the end of a ref only, after `refs/heads/` or `refs/tags/` and the beginning of a name',
  ),
  'repository-missing': refused(
    'without a repository every repository, of anybody, would be this identity',
    'pin `repository_id` (it survives a renaming) and `repository_owner_id`',
  ),
  'repository-renamable': flagged(
    'a repository or account name can be taken by somebody else once it is renamed or deleted',
    'pin `repository_id` and `repository_owner_id` as well',
  ),
  'ref-missing': flagged(
    'every branch, tag and workflow of the repository is this identity: whoever can push a branch is too',
    'pin `environment`, or `ref`, or `job_workflow_ref`',
  ),
  'pull-request': refused(
    'a pull or merge request runs code that nobody has accepted',
    'pin a protected environment or branch instead',
  ),
  'project-missing': refused(
    'without a project every project of this GitLab, of anybody, would be this identity',
    'pin `project_id` (it survives a renaming), or `project_path`',
  ),
  'project-renamable': flagged(
    'a project path can be taken by somebody else once it is renamed or deleted',
    'pin `project_id` as well',
  ),
  'ref-type-missing': flagged(
    'a tag of the same name as the branch is accepted too, and tags may be less protected',
    'pin `ref_type` to `branch` or `tag`',
  ),
  'workload-missing': refused(
    'without namespace and service account every pod of the cluster would be this identity',
    'pin `sub` to system:serviceaccount:NAMESPACE:NAME',
  ),
  'tokens-again': flagged(
    'whoever sees a token can use it as well until it ends, where the platform makes a new one for each use',
    'leave `tokens` out',
  ),
  'proof-again': refused(
    'whoever sees a proof of this platform could use it as well, and a new one costs nothing',
    'leave `tokens` out',
  ),
  'arn-missing': refused(
    'without a role or user everybody in the account, and with no account everybody in AWS, would be this identity',
    'pin `arn` to arn:aws:iam::ACCOUNT:role/NAME, or to a user',
  ),
  'arn-malformed': refused(
    'a trust names one role or user of IAM: no `*`, no root, no session, and a role without its path, which STS does not tell',
    'pin `arn` to arn:aws:iam::ACCOUNT:role/NAME or arn:aws:iam::ACCOUNT:user/NAME, in the partition of the issuer',
  ),
  'region-missing': refused(
    'nothing says the STS of which regions may be asked who a caller is',
    'name the regions that the workload signs for: `--regions eu-west-1`',
  ),
  'region-unknown': refused(
    'this is no region of the partition that the issuer names',
    'name regions such as eu-west-1; those of China and GovCloud have issuers of their own',
  ),
  'region-of-another': refused('only the callers of AWS have regions', 'leave `regions` out'),
  'spiffe-id-missing': refused(
    'without a SPIFFE ID every workload of the trust domain would be this identity',
    'pin `sub` to the SPIFFE ID of the workload',
  ),
  'spiffe-id-malformed': refused(
    'this is no SPIFFE ID of a workload in the trust domain that the issuer names',
    'pin `sub` to spiffe://TRUST-DOMAIN/PATH, as the workload is registered',
  ),
  'spiffe-prefix': flagged(
    'whoever may register a workload under this path makes it this identity',
    'pin the exact SPIFFE ID',
  ),
  'spiffe-by-issuer': flagged(
    'this is a SPIFFE ID, and whoever holds the keys of this issuer can name one of any trust domain',
    'add a trust in spiffe://TRUST-DOMAIN with its bundle',
  ),
  'bundle-missing': refused(
    'nothing says where the keys of the trust domain are, or two things do',
    'name `bundleUrl`, or give `bundleKeys`',
  ),
  'bundle-malformed': refused(
    'a bundle is at an https URL, or is public keys of EC or RSA that each have a `kid`',
    'copy the URL of the bundle endpoint, or the keys of the bundle whose use is `jwt-svid`',
  ),
  'bundle-without-tls': flagged(
    'whoever is on the way to this bundle can answer with keys of their own',
    'serve the bundle over https',
  ),
  'bundle-of-another': refused('only a trust domain of SPIFFE has a bundle', 'leave the bundle out'),
  'workload-default': flagged(
    'every pod of the namespace that names no service account has this one',
    'give the workload a service account of its own',
  ),
} as const

function* ofIssuer({ issuer, platform, tokens }: TrustTerms, ownIssuer: string): Generator<TrustLintCode> {
  if (issuer === ownIssuer) yield 'issuer-own'
  if (!isIssuerOf(platform, issuer) || isAlmostKnown(issuer)) yield 'issuer-malformed'
  else if (/^http:/i.test(issuer)) yield 'issuer-without-tls'
  if (/^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers)(?:\/|$)/.test(issuer))
    yield 'issuer-of-many'
  const known = platformOf(issuer)
  if (known !== undefined && known !== platform) yield 'platform-differs'
  if (tokens === 'again' && rulesOf(platform).tokens === 'once')
    yield platform === 'aws' ? 'proof-again' : 'tokens-again'
}

// No token has this one, and what its platform asks of a trust would not be asked of it.
const isAlmostKnown = (issuer: string): boolean => {
  if (platformOf(issuer) !== undefined || !URL.canParse(issuer)) return false
  const { origin, pathname } = new URL(issuer)
  const usual = origin + pathname
  const withoutSlashes = usual.slice(0, [...usual].findLastIndex((one) => one !== '/') + 1)
  return [usual, withoutSlashes].some((one) => platformOf(one) !== undefined)
}

const isIssuerOf = (platform: Platform, issuer: string): boolean => {
  if (platform === 'aws') return partitionOfIssuer(issuer) !== undefined
  return platform === 'spiffe' ? trustDomainOf(issuer) !== undefined : isIssuer(issuer)
}

const isIssuer = (text: string): boolean => {
  if (!URL.canParse(text) || /[?#*\s]/.test(text)) return false
  const { protocol, username, password } = new URL(text)
  return (protocol === 'https:' || protocol === 'http:') && username + password === ''
}

// What the platforms put into a token where nobody asked for an audience, and what others tell people to ask for.
const OF_OTHERS = [
  /^sts\.amazonaws\.com$/,
  /^api:\/\/AzureADTokenExchange$/i,
  /^https:\/\/github\.com(?:\/|$)/,
  /^https:\/\/gitlab\.com(?:\/|$)/,
  /^https:\/\/kubernetes\.default\.svc/,
  /^https:\/\/(?:\w+\.)?googleapis\.com(?:\/|$)/,
  /^\/\/iam\.googleapis\.com\//,
  /^https:\/\/(?:management|graph)\.(?:azure|microsoft)\.com/,
  /^(?:vault|sigstore|pypi|npm:registry\.npmjs\.org)$/,
]

function* ofAudience({ audience, platform }: TrustTerms, ownIssuer: string): Generator<TrustLintCode> {
  if (isMadeForUs(platform) && audience !== ownIssuer) return yield 'audience-must-be-ours'
  if (audience === '') return yield 'audience-missing'
  if (audience.includes('*')) return yield 'audience-wildcard'
  if (OF_OTHERS.some((form) => form.test(audience))) return yield 'audience-of-another'
  if (audience !== ownIssuer) yield 'audience-not-ours'
}

const CHECKED_ANYWAY = ['iss', 'aud', 'exp', 'nbf', 'iat', 'jti']

function* ofClaims({ claims, platform }: TrustTerms): Generator<TrustLintCode> {
  for (const [name, text] of Object.entries(claims)) {
    if (CHECKED_ANYWAY.includes(name.replace(/^\//, ''))) yield 'claim-checked-anyway'
    if (text === '') yield 'claim-empty'
    if (!text.includes('*')) continue
    if (name === 'sub' && platform === 'spiffe' && readSpiffePrefix(text) !== undefined) yield 'spiffe-prefix'
    else if (name === 'sub' || name === '/sub') yield 'subject-wildcard'
    else if (!mayBeOpen(platform, name, text)) yield 'claim-wildcard'
  }
}

const REF = /^refs\/(?:heads|tags)\/[^*]+\*$/
const WORKFLOW = /^[^*@]+@refs\/(?:heads|tags)\/[^*]+\*$/

const mayBeOpen = (platform: Platform, name: string, text: string): boolean => {
  const forms = MAY_BE_OPEN[platform] ?? {}
  return Object.hasOwn(forms, name) && forms[name]?.test(text) === true
}

// Where a `*` may stand, and after what.
const MAY_BE_OPEN: Readonly<Partial<Record<Platform, Readonly<Record<string, RegExp>>>>> = {
  github: { ref: REF, job_workflow_ref: WORKFLOW, workflow_ref: WORKFLOW },
  gitlab: { ref: /^[^*]+\*$/, ci_config_ref_uri: WORKFLOW },
}

function* ofPlatform(terms: TrustTerms): Generator<TrustLintCode> {
  const pins = pinsOf(terms)
  const has = (...names: readonly string[]): boolean => names.some((name) => (pins[name] ?? '*') !== '*')
  yield* RULES[terms.platform](pins, has)
  if (terms.platform === 'aws') yield* ofAws(terms)
  else if ((terms.regions ?? []).length > 0) yield 'region-of-another'
  if (terms.platform === 'spiffe') yield* ofSpiffe(terms)
  else if (terms.bundle !== undefined) yield 'bundle-of-another'
  if (terms.platform !== 'spiffe' && pins.sub?.startsWith('spiffe:') === true) yield 'spiffe-by-issuer'
}

function* ofSpiffe({ issuer, claims, bundle = {} }: TrustTerms): Generator<TrustLintCode> {
  const domain = trustDomainOf(issuer)
  const { sub } = claims
  const id = sub === undefined ? undefined : (readSpiffePrefix(sub) ?? readSpiffeId(sub))
  if (sub === undefined) yield 'spiffe-id-missing'
  // INVARIANT: a bundle speaks for its own trust domain (SPIFFE Trust Domain and Bundle §4), and never for another.
  else if (domain !== undefined && (id?.trustDomain !== domain || id.path === '')) yield 'spiffe-id-malformed'
  const { url, keys = [] } = bundle
  if ((url === undefined) === (keys.length === 0)) yield 'bundle-missing'
  if ((url !== undefined && !isIssuer(url)) || keys.some((key) => !isBundleKey(key))) yield 'bundle-malformed'
  else if (url !== undefined && /^http:/i.test(url)) yield 'bundle-without-tls'
}

const isBundleKey = ({ kid, kty, d }: Readonly<Record<string, unknown>>): boolean =>
  typeof kid === 'string' && kid !== '' && (kty === 'EC' || kty === 'RSA') && d === undefined

function* ofAws({ issuer, claims, regions = [] }: TrustTerms): Generator<TrustLintCode> {
  const partition = partitionOfIssuer(issuer)
  const { arn } = claims
  if (arn === undefined) yield 'arn-missing'
  else if (readTrustedArn(arn)?.partition !== partition) yield 'arn-malformed'
  if (regions.length === 0) yield 'region-missing'
  if (regions.some((region) => partitionOf(region) !== partition)) yield 'region-unknown'
}

type Rule = (
  pins: Readonly<Record<string, string>>,
  has: (...names: readonly string[]) => boolean,
) => Generator<TrustLintCode>

const RULES: Readonly<Record<Platform, Rule>> = {
  github: function* (pins, has) {
    if (!has('repository', 'repository_id')) yield 'repository-missing'
    else if (!has('repository_id')) yield 'repository-renamable'
    if (!has('environment', 'ref', 'job_workflow_ref', 'workflow_ref')) yield 'ref-missing'
    const ofRequest =
      pins.event_name?.startsWith('pull_request') === true || pins.ref?.startsWith('refs/pull/') === true
    if (ofRequest) yield 'pull-request'
  },
  gitlab: function* (pins, has) {
    if (!has('project_path', 'project_id')) yield 'project-missing'
    else if (!has('project_id')) yield 'project-renamable'
    if (!has('environment', 'ref', 'ci_config_ref_uri') && pins.ref_protected !== 'true') yield 'ref-missing'
    if (has('ref') && !has('ref_type')) yield 'ref-type-missing'
    if (MERGE_SOURCES.includes(pins.pipeline_source ?? '')) yield 'pull-request'
  },
  kubernetes: function* (pins, has) {
    const account = '/kubernetes.io/serviceaccount/name'
    if (!has('/kubernetes.io/namespace') || !has(account)) yield 'workload-missing'
    if (pins[account] === 'default') yield 'workload-default'
  },
  google: function* (_pins, has) {
    // `azp` alone is every person who came by that app.
    if (!has('sub')) yield 'subject-missing'
  },
  entra: function* (_pins, has) {
    // So are `azp` and `appid`.
    if (!has('sub', 'oid')) yield 'subject-missing'
  },
  // What a trust in these must name is more than claims.
  aws: function* () {},
  spiffe: function* () {},
  'id-jag': function* (_pins, has) {
    if (!has('sub')) yield 'subject-missing'
  },
  other: function* (_pins, has) {
    if (!has('sub')) yield 'subject-missing'
  },
}
