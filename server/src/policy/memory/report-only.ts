import type { ModeKind } from '../domain/policy-set.ts'
import type { Engine } from '../engine/index.ts'
import type { Ground } from '../memory.ts'
import { modeKey } from './base.ts'

/** What is asked for by name: who, with the blast radius that policies see of it, and what. */
export interface Lenient {
  readonly identity: { readonly id: string; readonly blastRadius: unknown }
  readonly resource: string
  readonly action: string
}

/** What a decision is taken with at a moment: the engines, and how far report-only reaches. */
export interface Enforcement {
  readonly enforced: Engine
  readonly trial: Engine
  /** Whether a refusal of this is only reported. */
  isReportOnly(asked: Lenient): boolean
  /** The next moment at which something is enforced again. */
  readonly untilMs: number
}

/**
 * What is in force at a moment. INVARIANT: the end of report-only needs nobody: what is over counts as enforced at
 * once, and as long as it was not swept up, so does every policy on trial.
 */
export const enforcementAt = (memory: Ground, now: Date): Enforcement => {
  const { reportOnly, imported, modeEndsMs } = memory.base()
  if (reportOnly.size + imported.size === 0)
    return {
      enforced: memory.enforced(),
      trial: memory.trial(),
      isReportOnly: never,
      untilMs: Number.POSITIVE_INFINITY,
    }
  const nowMs = now.getTime()
  const isLive = (kind: ModeKind, target: string): boolean => (reportOnly.get(modeKey(kind, target)) ?? 0) > nowMs
  const isPolicyOver = [...reportOnly].some(([key, until]) => key.startsWith(modeKey('policy', '')) && until <= nowMs)
  // Of an import both sides are in it, or nothing of it is: neither opens anything to those who were there before.
  const importOf = (kind: ModeKind, target: string): string | undefined => {
    const found = imported.get(modeKey(kind, target))
    return found !== undefined && found.untilMs > nowMs ? found.within : undefined
  }
  // And who is declared to read alone, and was granted no more, is let in to read alone.
  const isWithinImport = ({ identity, resource, action }: Lenient): boolean => {
    const within = importOf('identity', identity.id)
    if (within === undefined || within !== importOf('resource', resource)) return false
    const effect = memory
      .base()
      .resource(resource)
      ?.actions.find(({ name }) => name === action)?.effect
    const { blastRadius } = identity
    return effect === 'read' || (typeof blastRadius === 'string' && blastRadius !== 'read-only')
  }
  const trial = memory.trial()
  return {
    enforced: isPolicyOver ? trial : memory.enforced(),
    trial,
    isReportOnly: (asked) =>
      isLive('identity', asked.identity.id) || isLive('resource', asked.resource) || isWithinImport(asked),
    untilMs: Math.min(Number.POSITIVE_INFINITY, ...modeEndsMs.filter((until) => until > nowMs)),
  }
}

const never = (): boolean => false
