import { judgeToken } from './decide/judge-token.ts'
import type { Judgement } from './decide/judgement.ts'
import type { PolicyMemory } from './memory.ts'
import type { PolicyIdentity } from './room.ts'

/** What is known of a request that is only imagined: what is not said is not known, and conditions on it do not hold. */
export interface Imagined {
  readonly sourceIp?: string | undefined
  readonly sourceRegion?: string | undefined
  readonly credentialKind?: string | undefined
  /** A moment (ISO 8601). */
  readonly credentialCreatedAt?: string | undefined
  readonly instance?: string | undefined
  readonly isSenderConstrained?: boolean | undefined
}

/** What would be decided of one action at a moment. The identity must have been warmed. */
export const judgeNow = (
  memory: PolicyMemory,
  asked: { readonly identity: Pick<PolicyIdentity, 'id' | 'environment'>; resource: string; action: string },
  given: { readonly at: Date; readonly imagined?: Imagined },
): Judgement =>
  judgeToken(memory, {
    identityId: asked.identity.id,
    environment: asked.identity.environment,
    resourceId: asked.resource,
    actions: [asked.action],
    server: {
      sourceIp: given.imagined?.sourceIp ?? null,
      sourceRegion: given.imagined?.sourceRegion ?? null,
      credentialKind: given.imagined?.credentialKind ?? null,
      credentialCreatedAtMs: msOf(given.imagined?.credentialCreatedAt),
      instance: given.imagined?.instance ?? null,
      isSenderConstrained: given.imagined?.isSenderConstrained ?? false,
    },
    now: given.at,
  })

const msOf = (moment: string | undefined): number | null => (moment === undefined ? null : Date.parse(moment))

/** Yes, no, or only where something holds that is not known here: the facts that are missing say what. */
export const standingOf = (judged: Judgement): 'yes' | 'conditionally' | 'no' => {
  if (judged.isAllowed) return 'yes'
  // A forbid, an invariant, or nothing at all that speaks of it: no fact would change that.
  return judged.policies.length === 0 && judged.missing.some((name) => name.startsWith('context.'))
    ? 'conditionally'
    : 'no'
}
