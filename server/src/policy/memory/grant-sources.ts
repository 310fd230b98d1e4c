import type { Bundle } from '../domain/bundle.ts'
import type { Grant } from '../domain/grant.ts'
import { linesOf, reachOf } from '../domain/reach.ts'
import type { Resource } from '../domain/resource.ts'
import { OPEN, OUTSIDE, readsSensitive, SEPARATION } from '../domain/separation.ts'
import {
  type GrantConditions,
  grantPolicy,
  PERMITTED,
  type PolicyProblem,
  type SourcePolicy,
  separationPolicy,
} from '../engine/index.ts'

/** What grants are compiled against. */
export interface Register {
  resource(id: string): Resource | undefined
  bundle(id: string): Bundle | undefined
  /** Types of applications' own things where others read what is written. */
  readonly openTypes: readonly string[]
}

/**
 * A grant as policies, one for each resource it reaches, and what of it could not be compiled and so gives nothing. One
 * that lets its identity read what is sensitive comes with the forbid that separates reading from writing.
 */
export const grantSources = (
  grant: Pick<Grant, 'id' | 'identity' | 'gives' | 'conditions' | 'expiresAt'>,
  register: Register,
): { readonly policies: readonly SourcePolicy[]; readonly problems: readonly PolicyProblem[] } => {
  const policies: SourcePolicy[] = []
  const problems: PolicyProblem[] = []
  const unknown = Object.keys(grant.conditions.unknown ?? {})
  if (unknown.length > 0)
    problems.push({ policy: grant.id, message: `has conditions that this server does not know: ${unknown.join(', ')}` })
  const reached = unknown.length > 0 ? [] : reachOf(linesOf(grant, register.bundle), register.resource)
  for (const { resource, actions } of reached) {
    const made = grantPolicy({
      id: 'bundle' in grant.gives ? `${grant.id}/${resource.id}` : grant.id,
      identity: grant.identity,
      resource: resource.id,
      actions: actions.map(({ name }) => name),
      conditions: definite(grant.conditions),
      expiresAt: grant.expiresAt,
    })
    if (made.ok) policies.push(made.policy)
    else problems.push(...made.problems)
  }
  // A server that knows them may let it read: what this one forbids is the same.
  if ((policies.length > 0 || unknown.length > 0) && readsSensitive(grant, register))
    policies.push(separationOf(grant, register.openTypes))
  return { policies, problems }
}

/** The forbid of a grant that lets its identity read what is sensitive; it says nothing to an identity from within. */
const separationOf = (
  { id, identity, expiresAt }: Pick<Grant, 'id' | 'identity' | 'expiresAt'>,
  openTypes: readonly string[],
): SourcePolicy =>
  separationPolicy({
    ...{ id: `${id}/${SEPARATION}`, identity, expiresAt },
    ...{ boundaries: OUTSIDE, sensitivities: OPEN, openTypes },
  })

/** Whether a compiled policy is such a forbid. */
export const isSeparation = (policyId: string): boolean =>
  policyId.endsWith(`/${SEPARATION}`) || policyId.startsWith(PERMITTED)

/** The grant that a compiled policy comes from. */
export const grantOfPolicy = (policyId: string): string => policyId.split('/')[0] ?? policyId

/** Conditions as the engine takes them: what is not said is not there. Of a grant with unknown ones nothing is compiled. */
export const definite = ({ timeWindow, unknown: _, ...others }: Grant['conditions']): GrantConditions => {
  const conditions: GrantConditions = timeWindow === undefined ? {} : { timeWindow: window(timeWindow) }
  for (const [name, value] of Object.entries(others)) if (value !== undefined) Reflect.set(conditions, name, value)
  return conditions
}

const window = ({ from, to, days }: NonNullable<Grant['conditions']['timeWindow']>) =>
  days === undefined ? { from, to } : { from, to, days }
