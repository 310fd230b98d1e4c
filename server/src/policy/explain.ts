import type { AnyDb } from '../kit/database.ts'
import { actionsOf, requestAt } from './decide/judge-recorded.ts'
import type { RecordedRequest } from './decide/recorded-request.ts'
import type { Grant } from './domain/grant.ts'
import { INVARIANTS } from './domain/invariant.ts'
import { type Explanation, explainDenial, type FailedCondition, type SourcePolicy } from './engine/index.ts'
import { grantOfPolicy, isSeparation } from './memory/grant-sources.ts'
import type { PolicyMemory } from './memory.ts'
import { type NearestGrant, nearestGrant } from './nearest-grant.ts'
import type { ProposedGrant } from './other-flips.ts'
import { policyLabel } from './policy-label.ts'
import { expiredGrantsOf } from './store-grant.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const PROPOSED_DAYS = 90
const EXPLAINED_MAX = 5

/** A policy that decided, with its text and where it stands, as far as it is still there. */
export interface NamedPolicy {
  readonly id: string
  readonly text: string | null
  readonly origin: string | null
}

/** Policies by their ids: those in force, or those of another revision. */
export interface PolicySet {
  get(id: string): SourcePolicy | undefined
}

/** Why a request is denied now, in sentences, and the grant that would allow it, if one would. */
export interface Explained {
  readonly because: readonly string[]
  readonly missing: readonly string[]
  readonly wouldAllow: string | null
  /** The same as grants. */
  readonly proposed: readonly ProposedGrant[]
  /** Permits that spoke of the request and whose conditions did not hold. */
  readonly nearly: readonly string[]
}

/** Names a policy: the sentence of an invariant, or the text of what is in force unless another set is given; a grant by its name, if among these. */
export const namePolicy = (
  memory: PolicyMemory,
  id: string,
  {
    set = memory.trial(),
    grants = [],
  }: { readonly set?: PolicySet; readonly grants?: readonly Pick<Grant, 'id' | 'name'>[] } = {},
): NamedPolicy => {
  const invariant = Object.entries(INVARIANTS).find(([name]) => name === id)
  if (invariant !== undefined) return { id, text: invariant[1], origin: 'invariant of the server' }
  const source = set.get(id)
  if (source === undefined) return { id, text: null, origin: null }
  const { file, line } = source.origin
  const own = `grant ${grants.find((grant) => grant.id === grantOfPolicy(id))?.name ?? grantOfPolicy(id)}`
  const origin = file === undefined ? own : `${file}${line === undefined ? '' : `:${line}`}`
  return { id, text: source.text, origin }
}

/** Explains a denial of a recorded request by what is in force now; each proposed grant was tried on it. */
export const explainRecorded = (
  memory: Pick<PolicyMemory, 'base' | 'enforced' | 'trial' | 'warmed'>,
  recorded: RecordedRequest,
  given: {
    readonly at: Date
    readonly now: Date
    /** Grants that the identity held until their time was over. */
    readonly expired: readonly Grant[]
  },
): Explained => {
  const { principal, resource } = recorded
  const names = {
    ...nameField('identity', memory.warmed(principal.id)?.identity.name),
    ...nameField('resource', memory.base().resource(resource.id)?.name),
    expiresAt: new Date(given.now.getTime() + PROPOSED_DAYS * DAY_MS),
  }
  const because: string[] = []
  const missing = new Set<string>()
  const nearly = new Set<string>()
  const proposals = new Map<string, { readonly near: NearestGrant | undefined; readonly actions: string[] }>()
  const held = [...(memory.warmed(principal.id)?.grants ?? []), ...given.expired]
  const denied = actionsOf(memory, recorded)
    .map((action) => ({ action, request: requestAt(recorded, action, given.at) }))
    .filter(({ request }) => memory.enforced().decide(request).outcome === 'deny')
  for (const { action, request } of denied.slice(0, EXPLAINED_MAX)) {
    const explained = explainDenial(memory.enforced(), request, names)
    const { remedy } = explained
    const near = remedy.grant === undefined ? undefined : nearestGrant(memory, request, { held, at: given.at })
    because.push(...sentences(action, explained, near, (policy) => labelled(policy, held)))
    for (const name of explained.missing) missing.add(name)
    for (const { policy } of explained.notGivenBy) nearly.add(policy)
    if (remedy.grant === undefined) because.push(`${action}: ${remedy.reason}`)
    else {
      const key = near?.grant.id ?? ''
      proposals.set(key, { near, actions: [...(proposals.get(key)?.actions ?? []), ...remedy.grant.actions] })
    }
  }
  const [identity, on] = [principal.id, resource.id]
  const proposed = [...proposals.values()].map(({ near, actions }) => {
    const expiresAt = near?.isOnlyOver === true ? sameLength(near.grant, names.expiresAt, given) : names.expiresAt
    return { identity, resource: on, actions, conditions: near?.conditions ?? {}, expiresAt }
  })
  const live = memory.warmed(identity)?.grants.filter(({ expiresAt }) => expiresAt > given.now) ?? []
  const taken = new Set(live.map(({ name }) => name))
  const wouldAllow = proposed.map((grant) => proposalText(grant, names, taken)).join('')
  return {
    because,
    missing: [...missing].sort(),
    wouldAllow: wouldAllow === '' ? null : wouldAllow,
    proposed,
    nearly: [...nearly],
  }
}

/** Expired grants that an explanation looks at: no older than what it proposes would last. */
export const expiredLately = (db: AnyDb, identity: string, now: Date): Promise<readonly Grant[]> =>
  expiredGrantsOf(db, identity, new Date(now.getTime() - PROPOSED_DAYS * DAY_MS))

// As long again as it was given for, and no longer than a new one.
const sameLength = ({ createdAt, expiresAt }: Grant, latest: Date, { at, now }: { at: Date; now: Date }): Date => {
  const again = new Date(now.getTime() + expiresAt.getTime() - createdAt.getTime())
  return again > at && again < latest ? again : latest
}

/** The grant as files declare it, by a name that is free. */
const proposalText = (
  { identity, resource, actions, conditions, expiresAt }: ProposedGrant,
  names: { readonly identity?: string; readonly resource?: string },
  taken: Set<string>,
): string => {
  const named = names.resource ?? resource
  const name = taken.has(named) ? `${named} ${actions.join(' ')}`.slice(0, GRANT_NAME_MAX) : named
  taken.add(name)
  return [
    `- identity: ${JSON.stringify(names.identity ?? identity)}`,
    ...(name === named ? [] : [`  name: ${JSON.stringify(name)}`]),
    `  resource: ${JSON.stringify(named)}`,
    `  actions: [${actions.map((action) => JSON.stringify(action)).join(', ')}]`,
    ...(Object.keys(conditions).length === 0 ? [] : [`  conditions: ${JSON.stringify(conditions)}`]),
    `  expiresAt: ${JSON.stringify(expiresAt.toISOString())}`,
    '',
  ].join('\n')
}

const GRANT_NAME_MAX = 100

const nameField = <Name extends string>(name: Name, value: string | undefined): { [N in Name]?: string } => {
  const field: { [N in Name]?: string } = {}
  if (value !== undefined) Reflect.set(field, name, value)
  return field
}

// The id is what other commands take.
const labelled = (id: string, grants: readonly Grant[]): string => {
  const label = policyLabel(id, grants)
  return label === id ? id : `${label} (${grantOfPolicy(id)})`
}

const sentences = (
  action: string,
  explained: Explanation,
  near: NearestGrant | undefined,
  nameOf: (policy: string) => string,
): string[] => {
  const { forbiddenBy, omitted } = explained
  if (forbiddenBy.length > 0)
    return forbiddenBy.map(({ policy, error }) =>
      error === undefined
        ? `${action} is forbidden by ${nameOf(policy)}${isSeparation(policy) ? SEPARATED : ''}`
        : `${action}: ${policy} could not be judged: ${error}`,
    )
  const held =
    near === undefined
      ? []
      : [
          `${action}: grant ${near.grant.name} (${near.grant.id}) gives it, but ${near.unmet.join(', and ')}${near.isOnlyOver ? LATER : ''}`,
        ]
  // Said once, in the grant's own terms.
  const notGivenBy = explained.notGivenBy.filter(({ policy }) => grantOfPolicy(policy) !== near?.grant.id)
  if (notGivenBy.length + held.length === 0) return [`nothing permits ${action} to this identity on this resource`]
  const said = [
    ...held,
    ...notGivenBy.map(
      ({ policy, failed }) => `${action}: ${nameOf(policy)} would permit it, but ${conditionOf(failed)}`,
    ),
  ]
  return omitted === 0 ? said : [...said, `${action}: ${omitted} more policies would permit it under conditions`]
}

const LATER = '; a later expiry is all that it takes'

// What to do about it, since no grant lifts it.
const SEPARATED =
  ': it lets this identity, which is not from within, read what is confidential, so that it writes nothing where others read; use another identity, or ask for an exception of the kind read-write-separation'

const conditionOf = ({ kind, text, error, missing }: FailedCondition): string => {
  const absent = missing.length === 0 ? '' : ` (${missing.join(', ')} is not known)`
  const why = error === undefined ? '' : ` (${error})`
  return kind === 'when' ? `this does not hold: ${text}${absent}${why}` : `this holds: ${text}${why}`
}
