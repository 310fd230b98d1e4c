import { type DetailType, factClash } from './detail-type.ts'

/** How much an action can do. */
export type Effect = 'read' | 'write' | 'privileged' | 'impersonate'

/** How much harm the wrong hands could do with what a resource holds. */
export type Sensitivity = 'public' | 'internal' | 'confidential' | 'regulated'

/** One thing that can be done to a resource, as `orders.read`. */
export interface ResourceAction {
  readonly name: string
  readonly effect: Effect
}

/** A tag of an identity, and the claim that says it. */
export interface TagClaim {
  readonly tag: string
  readonly claim: string
}

/** A tag of an identity, and the session tag that AWS makes of it; a transitive one goes on to further roles. */
export interface AwsSessionTag {
  readonly tag: string
  readonly key: string
  readonly isTransitive: boolean
}

/** What is accessed: its URI becomes the audience of tokens. */
export interface Resource {
  readonly id: string
  readonly name: string
  readonly uri: string
  readonly environment: string
  readonly sensitivity: Sensitivity
  readonly isCustomerFacing: boolean
  readonly actions: readonly ResourceAction[]
  readonly algorithm: 'ES256' | 'EdDSA' | 'RS256' | 'PS256'
  /** Its tokens name a place in a status list, for verifiers that follow no feed. */
  readonly statusList: boolean
  /** It is the authorization server of others: what is issued for it are grants (ID-JAG), and no tokens. */
  readonly isAuthorizationServer: boolean
  /** The types of authorization details that may be asked for on it (RFC 9396). */
  readonly detailTypes: readonly DetailType[]
  /** Tags of an identity that its tokens say as claims, and under which names. */
  readonly tagClaims: readonly TagClaim[]
  /** Tags of an identity that AWS takes as session tags. A resource that has any is one of AWS. */
  readonly awsSessionTags: readonly AwsSessionTag[]
  /** Ids of the identities that serve it. */
  readonly servedBy: readonly string[]
  /** The team that owns it, where one does. */
  readonly owner: string | null
}

/** The group of actions that each effect belongs to, as policies name it: `access:read`, `access:write`, `access:admin`. */
export const ACCESS_OF_EFFECT = {
  read: 'read',
  write: 'write',
  privileged: 'admin',
  impersonate: 'admin',
} as const satisfies Readonly<Record<Effect, string>>

/** Effects that need an approval wherever they are granted. */
export const isPrivileged = (effect: Effect): boolean => effect === 'privileged' || effect === 'impersonate'

/** Whether an action of a resource is privileged or impersonates. */
export const hasPrivileged = (resource: Pick<Resource, 'actions'>, action: string): boolean =>
  resource.actions.some(({ name, effect }) => name === action && isPrivileged(effect))

const EFFECTS: readonly Effect[] = ['read', 'write', 'privileged', 'impersonate']
/** From the least sensitive to the most. */
export const SENSITIVITIES: readonly Sensitivity[] = ['public', 'internal', 'confidential', 'regulated']

/** Why a change would let grants on a resource need less than before, if it does. */
export const loosenedBy = (before: Resource, after: Resource): string | undefined => {
  if (SENSITIVITIES.indexOf(after.sensitivity) < SENSITIVITIES.indexOf(before.sensitivity))
    return `${before.name} would be ${after.sensitivity} instead of ${before.sensitivity}`
  if (after.environment !== before.environment) return `${before.name} would be of ${after.environment}`
  if (before.isCustomerFacing && !after.isCustomerFacing) return `${before.name} would not face customers`
  const was = new Map(before.actions.map(({ name, effect }) => [name, effect]))
  const lowered = after.actions.find(
    ({ name, effect }) => EFFECTS.indexOf(effect) < EFFECTS.indexOf(was.get(name) ?? 'read'),
  )
  return lowered && `${lowered.name} on ${before.name} would be ${lowered.effect}`
}

/** Why to end a resource takes a word of its owner: what comes again under its name is not known as what it was. */
export const endedOf = (resource: Resource): string | undefined => {
  if (isSensitive(resource.sensitivity)) return `${resource.name}, which is ${resource.sensitivity}, would end`
  const grave = resource.actions.find((action) => gravity(action, resource) > 0)
  return grave && `${resource.name}, on which ${grave.name} is ${calledGrave(grave, resource)}, would end`
}

/** Whether what a resource holds is sensitive. */
export const isSensitive = (sensitivity: Sensitivity): boolean =>
  sensitivity === 'confidential' || sensitivity === 'regulated'

/** What a permit of an action takes an approval for: what it does, and to what; 0 is nothing. */
export const gravity = ({ effect }: Pick<ResourceAction, 'effect'>, { sensitivity }: Pick<Resource, 'sensitivity'>) =>
  (isPrivileged(effect) ? 4 : effect === 'write' ? 2 : 0) + (isSensitive(sensitivity) ? 1 : 0)

/** That in a word. */
export const calledGrave = (
  { effect }: Pick<ResourceAction, 'effect'>,
  { sensitivity }: Pick<Resource, 'sensitivity'>,
): string => (effect === 'read' ? sensitivity : effect === 'write' ? 'a write' : effect)

/**
 * Why an action of one name may not stand for what it stands for, if it may not. Policies name actions without their
 * resource: were one read here and privileged there, `access:read` would permit what is privileged.
 */
export const sharedOtherwise = (resources: readonly Resource[]): string | undefined => {
  const known = new Map<string, { readonly access: string; readonly on: string }>()
  for (const { name: on, actions } of resources)
    for (const { name, effect } of actions) {
      const access = ACCESS_OF_EFFECT[effect]
      const other = known.get(name)
      if (other !== undefined && other.access !== access)
        return `${name} is of access:${access} on ${on} and of access:${other.access} on ${other.on}; name one of them otherwise`
      known.set(name, { access, on })
    }
  return factClash(resources)
}

/** What is wrong with a URI as the name of a resource (RFC 8707 §2: absolute, without a fragment), if anything. */
export const uriProblem = (uri: string): string | undefined => {
  const parsed = URL.parse(uri)
  if (parsed === null) return 'the uri is not absolute'
  if (RUNS.has(parsed.protocol)) return 'the uri is a program, and would run wherever it is shown as a link'
  if (parsed.hash !== '' || uri.includes('#')) return 'the uri has a fragment'
  if (parsed.username !== '' || parsed.password !== '') return 'the uri holds credentials'
  if (parsed.search !== '' || uri.includes('?')) return 'the uri has a query'
  if (isAmbiguous(uri, parsed)) return 'the uri is ambiguous'
  // One form only: what a URL parser would write otherwise could be mistaken for another resource.
  const written = parsed.href
  return written === uri || written === `${uri}/` ? undefined : `write the uri as ${written}`
}

const RUNS: ReadonlySet<string> = new Set(['javascript:', 'vbscript:', 'data:', 'blob:'])

// What some parser on the way to the resource cuts off, decodes or folds into the name of another one. ASCII needs no
// escape in a path (RFC 3986 §2.4), and what is escaped beyond it has to be text in its one plain form.
const isAmbiguous = (uri: string, { hostname, pathname }: URL): boolean => {
  if (/[\s\\;]|%[0-7][0-9a-f]/i.test(uri) || hostname.endsWith('.')) return true
  if (/\/\/|\/\.{1,2}\/|\.$/.test(uri.slice(uri.indexOf('://') + 3)) || pathname.includes('//')) return true
  try {
    const plain = decodeURI(pathname)
    return plain.normalize('NFKC') !== plain || /[\p{Cf}\p{Cc}\p{Z}]/u.test(plain)
  } catch {
    return true
  }
}
