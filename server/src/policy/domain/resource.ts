/** How much an action can do. */
export type Effect = 'read' | 'write' | 'privileged' | 'impersonate'

/** How much harm the wrong hands could do with what a resource holds. */
export type Sensitivity = 'public' | 'internal' | 'confidential' | 'regulated'

/** One thing that can be done to a resource, as `orders.read`. */
export interface ResourceAction {
  readonly name: string
  readonly effect: Effect
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
const SENSITIVITIES: readonly Sensitivity[] = ['public', 'internal', 'confidential', 'regulated']

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

/** What is wrong with a URI as the name of a resource (RFC 8707 §2: absolute, without a fragment), if anything. */
export const uriProblem = (uri: string): string | undefined => {
  const parsed = URL.parse(uri)
  if (parsed === null) return 'the uri is not absolute'
  if (parsed.hash !== '' || uri.includes('#')) return 'the uri has a fragment'
  if (parsed.username !== '' || parsed.password !== '') return 'the uri holds credentials'
  if (parsed.search !== '') return 'the uri has a query'
  if (/[\s\\]|%2f|%5c|%00/i.test(uri) || uri.includes('/../') || uri.includes('/./')) return 'the uri is ambiguous'
  // One form only: what a URL parser would write otherwise could be mistaken for another resource.
  const written = parsed.href
  return written === uri || written === `${uri}/` ? undefined : `write the uri as ${written}`
}
