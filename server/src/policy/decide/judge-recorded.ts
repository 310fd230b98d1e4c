import type { Entity, Request } from '@reeve/cedar'
import type { Invariant } from '../domain/invariant.ts'
import { hasPrivileged } from '../domain/resource.ts'
import { uid } from '../memory/entities.ts'
import { type Enforcement, enforcementAt } from '../memory/report-only.ts'
import type { Ground } from '../memory.ts'
import { EXCEEDS_PARENT, isWithinRecorded } from './ancestry.ts'
import { answerAction } from './answer-action.ts'
import { at } from './context.ts'
import type { Judgement } from './judgement.ts'
import type { RecordedRequest } from './recorded-request.ts'
import { summed } from './summed.ts'

/** A recorded request decided again: on its own entities and context, at its own moment, by what is in force now. */
export const judgeRecorded = (memory: Ground, recorded: RecordedRequest, when: Date): Omit<Judgement, 'kept'> => {
  const { revision } = memory.base()
  const invariant = recorded.of === 'token' ? brokenInvariant(recorded) : undefined
  if (invariant !== undefined)
    return {
      isAllowed: false,
      actions: [],
      outcome: 'deny',
      isEnforced: true,
      policies: [invariant],
      missing: [],
      revision,
    }
  const isAny = recorded.actions.length === 0
  const engines = enforcementAt(memory, when)
  const { principal, resource } = recorded
  const isReportOnly = recorded.of === 'token' && !isAny && engines.isReportOnly(principal.id, resource.id)
  const on = memory.base().resource(resource.id)
  const answers = actionsOf(memory, recorded).map((name) => {
    const lenience = { isReportOnly, isPrivileged: on !== undefined && hasPrivileged(on, name) }
    const request = requestAt(recorded, name, when)
    const answer = answerAction(engines, request, lenience)
    return [
      name,
      answer.isAllowed && !isWithinThen(engines, recorded, request, when) ? EXCEEDS_PARENT : answer,
    ] as const
  })
  return { ...summed(answers, isAny), revision }
}

/** The Cedar request of one action of a recorded request, at a moment. */
export const requestAt = (recorded: RecordedRequest, action: string, when: Date): Request => ({
  principal: recorded.principal,
  action: uid('Action', action),
  resource: recorded.resource,
  context: at(recorded.context, when),
  entities: [...recorded.entities],
})

/** The actions that were asked for; where none was named, all that the resource has now. */
export const actionsOf = (memory: Ground, recorded: RecordedRequest): readonly string[] =>
  recorded.actions.length > 0
    ? recorded.actions
    : (memory.base().resource(recorded.resource.id)?.actions ?? []).map(({ name }) => name)

const isWithinThen = (engines: Enforcement, recorded: RecordedRequest, request: Request, when: Date): boolean =>
  isWithinRecorded(engines, recorded.ancestors ?? [], {
    request,
    context: recorded.context,
    when,
    environment: entityOf(recorded, recorded.resource.id)?.attrs.environment,
  })

// The same order as for a live request; the facts are those that were recorded.
const brokenInvariant = (recorded: RecordedRequest): Invariant | undefined => {
  const identity = entityOf(recorded, recorded.principal.id)
  const resource = entityOf(recorded, recorded.resource.id)
  if (identity === undefined) return 'reeve:unknown-identity'
  if (resource === undefined) return 'reeve:unknown-resource'
  if (identity.attrs.state !== 'active') return 'reeve:not-active'
  const isApart = identity.attrs.environment !== resource.attrs.environment
  return isApart && recorded.exception === null ? 'reeve:environment-isolation' : undefined
}

const entityOf = (recorded: RecordedRequest, id: string): Entity | undefined =>
  recorded.entities.find((entity) => entity.uid.id === id)
