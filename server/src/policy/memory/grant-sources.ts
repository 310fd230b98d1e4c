import type { Bundle } from '../domain/bundle.ts'
import type { Grant } from '../domain/grant.ts'
import { linesOf, reachOf } from '../domain/reach.ts'
import type { Resource } from '../domain/resource.ts'
import { type GrantConditions, grantPolicy, type PolicyProblem, type SourcePolicy } from '../engine/index.ts'

/** What grants are compiled against. */
export interface Register {
  resource(id: string): Resource | undefined
  bundle(id: string): Bundle | undefined
}

/** A grant as policies, one for each resource it reaches, and what of it could not be compiled and so gives nothing. */
export const grantSources = (
  grant: Grant,
  register: Register,
): { readonly policies: readonly SourcePolicy[]; readonly problems: readonly PolicyProblem[] } => {
  const policies: SourcePolicy[] = []
  const problems: PolicyProblem[] = []
  for (const { resource, actions } of reachOf(linesOf(grant, register.bundle), register.resource)) {
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
  return { policies, problems }
}

/** The grant that a compiled policy comes from. */
export const grantOfPolicy = (policyId: string): string => policyId.split('/')[0] ?? policyId

const definite = (conditions: Grant['conditions']): GrantConditions => {
  const { sourceNetworks, credentialKinds, instances, timeWindow } = conditions
  return {
    ...(sourceNetworks === undefined ? {} : { sourceNetworks }),
    ...(credentialKinds === undefined ? {} : { credentialKinds }),
    ...(instances === undefined ? {} : { instances }),
    ...(timeWindow === undefined ? {} : { timeWindow: window(timeWindow) }),
  }
}

const window = ({ from, to, days }: NonNullable<Grant['conditions']['timeWindow']>) =>
  days === undefined ? { from, to } : { from, to, days }
