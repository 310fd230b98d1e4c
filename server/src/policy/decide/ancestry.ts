import type { CedarRecord, Entity, EntityUid, Request } from '@reeve/cedar'
import type { Invariant } from '../domain/invariant.ts'
import { isIsolated } from '../domain/isolation.ts'
import type { Resource } from '../domain/resource.ts'
import type { ReadyPart } from '../engine/index.ts'
import { uid } from '../memory/entities.ts'
import type { Warmed } from '../memory/identities.ts'
import type { Enforcement } from '../memory/report-only.ts'
import type { PolicyMemory } from '../memory.ts'
import { type ActionAnswer, answerAction } from './answer-action.ts'
import { at } from './context.ts'
import { holdsUntil } from './time-bound.ts'

/** An ancestor as a decision on its descendant is made on it, and kept. */
export interface Ancestor {
  readonly principal: EntityUid
  readonly entities: readonly Entity[]
  readonly exception: string | null
}

/** The answer for what an identity was given and its parent does not have. */
export const EXCEEDS_PARENT: ActionAnswer = {
  isAllowed: false,
  wouldAllow: false,
  policies: ['reeve:exceeds-parent' satisfies Invariant],
  missing: [],
}

const GENERATIONS_MAX = 10

/** Those above an identity, the nearest first; undefined where one of them is not in memory, so that nothing is known. */
export const ancestorsOf = (memory: PolicyMemory, identity: Warmed): readonly Warmed[] | undefined => {
  const above: Warmed[] = []
  for (let { parent } = identity.identity; parent !== null; ) {
    const warmed = memory.warmed(parent)
    if (warmed === undefined || above.length >= GENERATIONS_MAX) return undefined
    above.push(warmed)
    parent = warmed.identity.parent
  }
  return above
}

/**
 * Whether everybody above an identity may do the same, here and now, and until when that stays so if only time passes.
 * INVARIANT: nothing of it is ever report-only, and what is not known is not allowed: a child is never wider.
 */
export const isWithin = (
  engines: Enforcement,
  ancestors: readonly Warmed[] | undefined,
  asked: {
    readonly request: Request
    readonly resource: Resource
    readonly entities: readonly Entity[]
    /** The same, read once. */
    readonly onResource?: ReadyPart | undefined
    readonly now: Date
  },
): { readonly isAllowed: boolean; readonly untilMs: number } => {
  const { request, resource, entities, onResource, now } = asked
  if (ancestors === undefined) return { isAllowed: false, untilMs: 0 }
  let untilMs = Number.POSITIVE_INFINITY
  let isAllowed = true
  for (const ancestor of ancestors) {
    const { identity, exceptions } = ancestor
    const exception = exceptions.get(resource.id)
    if (exception !== undefined) untilMs = Math.min(untilMs, exception.expiresAt.getTime())
    const own = { ...request, principal: uid('Identity', identity.id), entities: [...ancestor.entities, ...entities] }
    const parts = [ancestor.ready, onResource]
    untilMs = Math.min(untilMs, holdsUntil(engines.trial, own, { warmed: ancestor, parts, now }))
    const isStopped = identity.state !== 'active'
    isAllowed &&=
      !isStopped &&
      !isIsolated(identity.environment, resource.environment, exception, now) &&
      wouldAllow(engines, own, parts)
  }
  return { isAllowed, untilMs }
}

/** As `isWithin`, of what a recorded decision was made on: at its own moment, by what is in force now. */
export const isWithinRecorded = (
  engines: Enforcement,
  ancestors: readonly Ancestor[],
  asked: {
    readonly request: Request
    readonly context: CedarRecord
    readonly when: Date
    readonly environment: unknown
  },
): boolean =>
  ancestors.every(({ principal, entities, exception }) => {
    const self = entities.find((entity) => entity.uid.id === principal.id)
    if (self === undefined || self.attrs.state !== 'active') return false
    if (self.attrs.environment !== asked.environment && exception === null) return false
    const context = at(asked.context, asked.when)
    return wouldAllow(engines, { ...asked.request, principal, context, entities: [...entities] })
  })

const wouldAllow = (engines: Enforcement, request: Request, parts?: readonly (ReadyPart | undefined)[]): boolean =>
  answerAction(engines, request, { isReportOnly: false, isPrivileged: true }, parts).wouldAllow
