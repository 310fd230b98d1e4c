import { isKnown } from '../domain/grant.ts'
import { linesOf, WILDCARD } from '../domain/reach.ts'
import type { Warmed } from '../memory/identities.ts'
import type { ServerFacts } from './context.ts'

/** What the register says of an identity that acts, as facts about whatever it asks for. */
export const identityFacts = ({ identity, risk }: Pick<Warmed, 'identity' | 'risk'>): IdentityFacts => ({
  environment: identity.environment,
  workflow: identity.workflow,
  pipeline: identity.pipeline,
  risk,
})

/** Those of the facts that the register states. */
export type IdentityFacts = Required<Pick<ServerFacts, 'environment' | 'workflow' | 'pipeline' | 'risk'>>

/**
 * The approval under which a live grant gives all of these actions on this resource, if one does. Where no action is
 * named there is none: an approval is of what it names.
 */
export const approvalOf = (
  { grants }: Pick<Warmed, 'grants'>,
  asked: { readonly resource: string; readonly actions: readonly string[]; readonly now: Date },
  bundle: Parameters<typeof linesOf>[1],
): string | null => {
  const { resource, actions, now } = asked
  if (actions.length === 0) return null
  const covers = (grant: Warmed['grants'][number]): boolean => {
    if (!isKnown(grant)) return false
    const given = linesOf(grant, bundle).flatMap((line) => (line.resource === resource ? line.actions : []))
    return given.includes(WILDCARD) || actions.every((action) => given.includes(action))
  }
  return grants.find((grant) => grant.approval !== null && grant.expiresAt > now && covers(grant))?.approval ?? null
}
