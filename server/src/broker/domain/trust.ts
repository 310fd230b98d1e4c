import type { JsonObject } from './compact-jwt.ts'
import { claimOf, type Platform, type PlatformAlgorithm, rulesOf, type TokenUse } from './platform.ts'

/** What a federation trust believes: tokens of one issuer for one audience that say exactly this. */
export interface TrustTerms {
  readonly issuer: string
  readonly audience: string
  readonly platform: Platform
  /** Each claim with its text; a `*` at the end stands for any rest, where the linter lets it. */
  readonly claims: Readonly<Record<string, string>>
  readonly tokens: TokenUse
  /** Of AWS: the regions whose STS may be asked. */
  readonly regions?: readonly string[]
  /** Of SPIFFE: where the keys of the trust domain are. */
  readonly bundle?: TrustBundle
}

/** The keys of a trust domain: at a URL, or as they were given, JWKs. */
export interface TrustBundle {
  readonly url?: string
  readonly keys?: readonly Readonly<Record<string, unknown>>[]
}

/** Why a token that its issuer signed does not fit, in sentences for the owner of the trust; none: it fits. */
export const misfits = (terms: TrustTerms, claims: JsonObject, signedWith: PlatformAlgorithm): readonly string[] => {
  const said: string[] = []
  if (!rulesOf(terms.platform).algorithms.includes(signedWith))
    said.push(`it is signed with ${signedWith}, which ${terms.platform} does not sign with`)
  if (claims.iss !== terms.issuer) said.push(`it is not by ${terms.issuer}`)
  // One audience only: what is good at two servers can be replayed by one of them at the other.
  const only: unknown = Array.isArray(claims.aud) && claims.aud.length === 1 ? claims.aud[0] : claims.aud
  if (only !== terms.audience) said.push(`it is for ${show(only)}, and not for "${terms.audience}" alone`)
  if (terms.platform === 'aws' && !(terms.regions ?? []).some((region) => region === claims.region))
    said.push(`region is ${show(claims.region)}, and must be one of ${(terms.regions ?? []).join(', ')}`)
  for (const [name, wanted] of Object.entries(terms.claims)) {
    const found = claimOf(claims, name)
    if (found === undefined) said.push(`it has no claim ${name}, which must be "${wanted}"`)
    else if (!fits(wanted, found)) said.push(`${name} is ${show(found)}, and must be "${wanted}"`)
  }
  if (isOfMergeRequest(terms.platform, claims) && !Object.hasOwn(pinsOf(terms), 'environment'))
    said.push('it is of a pull or merge request, whose code nobody has accepted; pin its environment to let it in')
  return said
}

/** Whether a token that says this could fit, whoever signed it and whatever for. */
export const couldFit = (terms: Pick<TrustTerms, 'claims'>, claims: JsonObject): boolean =>
  Object.entries(terms.claims).every(([name, wanted]) => {
    const found = claimOf(claims, name)
    return found !== undefined && fits(wanted, found)
  })

/** Whether one token could fit both; where this cannot be told it could. */
export const overlap = (one: TrustTerms, other: TrustTerms): boolean => {
  if (one.issuer !== other.issuer || one.audience !== other.audience) return false
  const pins = pinsOf(one)
  return Object.entries(pinsOf(other)).every(([name, theirs]) => {
    const ours = Object.hasOwn(pins, name) ? pins[name] : undefined
    return ours === undefined || haveCommon(ours, theirs) || [ours, theirs].some(isEncoded)
  })
}

/** The claims that are pinned, with what a pinned subject says of other claims in the writing of its platform. */
export const pinsOf = (terms: Pick<TrustTerms, 'platform' | 'claims'>): Readonly<Record<string, string>> => {
  const subject = Object.hasOwn(terms.claims, 'sub') ? terms.claims.sub : undefined
  const form = FORMS[terms.platform]
  const parts = subject === undefined || form === undefined ? undefined : form.exec(subject)?.groups
  const said = Object.entries(parts ?? {}).filter((part): part is [string, string] => part[1] !== undefined)
  return { ...Object.fromEntries(said.map(([name, text]) => [NAMES[name] ?? name, text])), ...terms.claims }
}

const fits = (wanted: string, found: string): boolean =>
  wanted.endsWith('*') ? found.startsWith(wanted.slice(0, -1)) : found === wanted

const haveCommon = (one: string, other: string): boolean => {
  if (!one.endsWith('*')) return fits(other, one)
  if (!other.endsWith('*')) return fits(one, other)
  const [shorter, longer] = [one.slice(0, -1), other.slice(0, -1)].sort((a, b) => a.length - b.length)
  return (longer ?? '').startsWith(shorter ?? '')
}

// A subject of GitHub writes the colon of an environment so, and the claim of its own does not.
const isEncoded = (text: string): boolean => /%3a/i.test(text)

const SHOWN_MAX = 200
const show = (value: unknown): string =>
  typeof value === 'string' ? `"${value.slice(0, SHOWN_MAX)}"` : value === undefined ? 'nobody' : 'several'

const isOfMergeRequest = (platform: Platform, claims: JsonObject): boolean => {
  // A GitLab of one's own, or whoever runs jobs as GitHub does, may have been added without saying that it is one.
  const isOther = platform === 'other'
  const { pipeline_source: source, event_name: event, ref, sub } = claims
  if ((platform === 'gitlab' || isOther) && typeof source === 'string' && MERGE_SOURCES.includes(source)) return true
  if (platform !== 'github' && !isOther) return false
  const isOfEvent = typeof event === 'string' && event.startsWith('pull_request')
  const isOfRef = typeof ref === 'string' && ref.startsWith('refs/pull/')
  return isOfEvent || isOfRef || (typeof sub === 'string' && sub.endsWith(':pull_request'))
}

/** Where GitLab says that a pipeline is of a merge request, or of a pull request of a repository elsewhere. */
export const MERGE_SOURCES: readonly string[] = ['merge_request_event', 'external_pull_request_event']

// GitHub writes the ids behind the names where an organisation asks for subjects that survive a renaming, and further
// claims behind the subject where it asks for those.
const FORMS: Readonly<Partial<Record<Platform, RegExp>>> = {
  github:
    /^repo:(?:(?<repository>[\w.-]+\/[\w.-]+)|[\w.-]+@(?<owner>\d+)\/[\w.-]+@(?<id>\d+)):(?:environment:(?<environment>[^*:]+)|ref:(?<ref>[^*:]+)|(?<event>pull_request))(?::[^*]+)?$/,
  gitlab: /^project_path:(?<path>[^:*]+):ref_type:(?<type>[^:*]+):ref:(?<ref>[^*:]+)$/,
  kubernetes: /^system:serviceaccount:(?<namespace>[^:*]+):(?<account>[^:*]+)$/,
}

const NAMES: Readonly<Record<string, string>> = {
  owner: 'repository_owner_id',
  id: 'repository_id',
  event: 'event_name',
  path: 'project_path',
  type: 'ref_type',
  namespace: '/kubernetes.io/namespace',
  account: '/kubernetes.io/serviceaccount/name',
}
