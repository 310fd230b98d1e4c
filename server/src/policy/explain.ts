import { actionsOf, requestAt } from './decide/judge-recorded.ts'
import type { RecordedRequest } from './decide/recorded-request.ts'
import { INVARIANTS } from './domain/invariant.ts'
import { type Explanation, explainDenial, type FailedCondition, type SourcePolicy } from './engine/index.ts'
import { grantOfPolicy } from './memory/grant-sources.ts'
import type { PolicyMemory } from './memory.ts'
import type { ProposedGrant } from './other-flips.ts'

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

/** Names a policy: the sentence of an invariant, or the text of what is in force unless another set is given. */
export const namePolicy = (memory: PolicyMemory, id: string, set: PolicySet = memory.trial()): NamedPolicy => {
  const invariant = Object.entries(INVARIANTS).find(([name]) => name === id)
  if (invariant !== undefined) return { id, text: invariant[1], origin: 'invariant of the server' }
  const source = set.get(id)
  if (source === undefined) return { id, text: null, origin: null }
  const { file, line } = source.origin
  const origin = file === undefined ? `grant ${grantOfPolicy(id)}` : `${file}${line === undefined ? '' : `:${line}`}`
  return { id, text: source.text, origin }
}

/** Explains a denial of a recorded request by what is in force now; each proposed grant was tried on it. */
export const explainRecorded = (
  memory: Pick<PolicyMemory, 'base' | 'enforced' | 'trial' | 'warmed'>,
  recorded: RecordedRequest,
  given: { readonly at: Date; readonly now: Date },
): Explained => {
  const names = {
    ...nameField('identity', memory.warmed(recorded.principal.id)?.identity.name),
    ...nameField('resource', memory.base().resource(recorded.resource.id)?.name),
    expiresAt: new Date(given.now.getTime() + PROPOSED_DAYS * DAY_MS),
  }
  const because: string[] = []
  const missing = new Set<string>()
  const actions: string[] = []
  const nearly = new Set<string>()
  const denied = actionsOf(memory, recorded)
    .map((action) => ({ action, request: requestAt(recorded, action, given.at) }))
    .filter(({ request }) => memory.enforced().decide(request).outcome === 'deny')
  for (const { action, request } of denied.slice(0, EXPLAINED_MAX)) {
    const explained = explainDenial(memory.enforced(), request, names)
    because.push(...sentences(action, explained))
    for (const name of explained.missing) missing.add(name)
    for (const { policy } of explained.notGivenBy) nearly.add(policy)
    const { remedy } = explained
    if (remedy.grant === undefined) because.push(`${action}: ${remedy.reason}`)
    else actions.push(...remedy.grant.actions)
  }
  const { principal, resource } = recorded
  const grant = { identity: principal.id, resource: resource.id, actions, expiresAt: names.expiresAt }
  const isProposed = actions.length > 0
  const wouldAllow = isProposed ? proposalText(memory, grant, names) : null
  const proposed = isProposed ? [grant] : []
  return { because, missing: [...missing].sort(), wouldAllow, proposed, nearly: [...nearly] }
}

/** One grant for all that is missing, since an identity's grants have names of their own, as files declare it. */
const proposalText = (
  memory: Pick<PolicyMemory, 'warmed'>,
  { identity, resource, actions, expiresAt }: ProposedGrant,
  names: { readonly identity?: string; readonly resource?: string },
): string => {
  const named = names.resource ?? resource
  const isTaken = memory.warmed(identity)?.grants.some(({ name }) => name === named) === true
  const name = `${named} ${actions.join(' ')}`.slice(0, GRANT_NAME_MAX)
  return [
    `- identity: ${JSON.stringify(names.identity ?? identity)}`,
    ...(isTaken ? [`  name: ${JSON.stringify(name)}`] : []),
    `  resource: ${JSON.stringify(named)}`,
    `  actions: [${actions.map((action) => JSON.stringify(action)).join(', ')}]`,
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

const sentences = (action: string, explained: Explanation): string[] => {
  const { forbiddenBy, notGivenBy, omitted } = explained
  if (forbiddenBy.length > 0)
    return forbiddenBy.map(({ policy, error }) =>
      error === undefined
        ? `${action} is forbidden by ${policy}`
        : `${action}: ${policy} could not be judged: ${error}`,
    )
  if (notGivenBy.length === 0) return [`nothing permits ${action} to this identity on this resource`]
  const said = notGivenBy.map(
    ({ policy, failed }) => `${action}: ${policy} would permit it, but ${conditionOf(failed)}`,
  )
  return omitted === 0 ? said : [...said, `${action}: ${omitted} more policies would permit it under conditions`]
}

const conditionOf = ({ kind, text, error, missing }: FailedCondition): string => {
  const absent = missing.length === 0 ? '' : ` (${missing.join(', ')} is not known)`
  const why = error === undefined ? '' : ` (${error})`
  return kind === 'when' ? `this does not hold: ${text}${absent}${why}` : `this holds: ${text}${why}`
}
