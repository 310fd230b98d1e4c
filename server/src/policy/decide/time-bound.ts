import type { Request } from '@reeve/cedar'
import type { Engine } from '../engine/index.ts'
import { grantOfPolicy } from '../memory/grant-sources.ts'
import type { Warmed } from '../memory/identities.ts'

/**
 * Until when the answer to this request stays the same if only time passes: the next expiry of a grant in its scope,
 * or no longer than now (0) when a policy in its scope looks at the clock in a way that we do not know.
 */
export const holdsUntil = (engine: Engine, request: Request, warmed: Pick<Warmed, 'grantById'>, now: Date): number => {
  let until = Number.POSITIVE_INFINITY
  for (const policy of engine.inScope(request).policies) {
    const isTimeless = !policy.paths.some(looksAtClock) && !BARE_CONTEXT.test(policy.source.text)
    if (isTimeless) continue
    const grant = policy.source.kind === 'grant' ? warmed.grantById.get(grantOfPolicy(policy.id)) : undefined
    if (grant === undefined || grant.conditions.timeWindow !== undefined) return 0
    // Once over, a grant stays over.
    if (grant.expiresAt > now) until = Math.min(until, grant.expiresAt.getTime())
  }
  return until
}

const looksAtClock = (path: { root: string; steps: readonly { name: string }[] }): boolean =>
  path.root === 'context' && CLOCK.has(path.steps[0]?.name ?? '')

const CLOCK: ReadonlySet<string> = new Set(['now', 'weekday'])
// The whole context taken as a value, rather than one of its attributes.
const BARE_CONTEXT = /\bcontext\b(?!\s*(?:\.|\[|has\b))/
