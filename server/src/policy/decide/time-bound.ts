import type { Request } from '@reeve/cedar'
import { type Engine, EXCEPTED_UNTIL, PERMITTED, type ReadyPart } from '../engine/index.ts'
import { grantOfPolicy, isSeparation } from '../memory/grant-sources.ts'
import type { Warmed } from '../memory/identities.ts'

/**
 * Until when the answer to this request stays the same if only time passes: the next expiry of a grant in its scope,
 * or no longer than now (0) when a policy in its scope looks at the clock in a way that we do not know.
 */
export const holdsUntil = (
  engine: Engine,
  request: Request,
  of: {
    readonly warmed: Pick<Warmed, 'grantById'>
    readonly parts?: readonly (ReadyPart | undefined)[]
    readonly now: Date
  },
): number => {
  const { warmed, parts, now } = of
  let until = Number.POSITIVE_INFINITY
  for (const policy of engine.policiesFor(request, parts)) {
    const isTimeless = !policy.paths.some(looksAtClock) && !BARE_CONTEXT.test(policy.source.text)
    if (isTimeless) continue
    if (policy.id.startsWith(PERMITTED) && policy.source.kind === 'builtin') {
      // Beside who asks, it looks at the clock for nothing but the end of an exception; a permit's clock is its own.
      until = Math.min(until, exceptedUntil(request, now))
      continue
    }
    const grant = policy.source.kind === 'grant' ? warmed.grantById.get(grantOfPolicy(policy.id)) : undefined
    if (grant === undefined || grant.conditions.timeWindow !== undefined) return 0
    until = Math.min(until, credentialTooOld(request, grant.conditions.credentialAgeDaysMax, now))
    if (isSeparation(policy.id)) until = Math.min(until, exceptedUntil(request, now))
    // Once over, a grant stays over.
    if (grant.expiresAt > now) until = Math.min(until, grant.expiresAt.getTime())
  }
  return until
}

// Once over, an exception stays over.
const exceptedUntil = ({ principal, entities }: Request, now: Date): number => {
  const value = entities.find(({ uid }) => uid.id === principal.id)?.attrs[EXCEPTED_UNTIL]
  const ms = msOf(value)
  return ms > now.getTime() ? ms : Number.POSITIVE_INFINITY
}

const DAY_MS = 24 * 60 * 60 * 1000

// Once too old, a credential stays too old.
const credentialTooOld = ({ context }: Request, daysMax: number | undefined, now: Date): number => {
  if (daysMax === undefined) return Number.POSITIVE_INFINITY
  const ms = msOf(context.credentialCreatedAt) + daysMax * DAY_MS
  return ms > now.getTime() ? ms : Number.POSITIVE_INFINITY
}

const msOf = (value: unknown): number => Date.parse(/"arg":"([^"]+)"/.exec(JSON.stringify(value) ?? '')?.[1] ?? '')

const looksAtClock = (path: { root: string; steps: readonly { name: string }[] }): boolean =>
  path.root === 'context' && CLOCK.has(path.steps[0]?.name ?? '')

const CLOCK: ReadonlySet<string> = new Set(['now', 'weekday'])
// The whole context taken as a value, rather than one of its attributes.
const BARE_CONTEXT = /\bcontext\b(?!\s*(?:\.|\[|has\b))/
