import type { Entity, Request } from '@reeve/cedar'
import type { Invariant } from '../domain/invariant.ts'
import { hasPrivileged, isPrivileged as isStrong } from '../domain/resource.ts'
import { applicationIndex, type IndexedType } from '../evaluate/application-index.ts'
import { actionUid } from '../memory/entities.ts'
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
  const environment = environmentOf(memory, recorded)
  const invariant =
    recorded.of === 'call' ? undefined : (brokenInvariant(recorded, environment) ?? unregistered(memory, recorded))
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
  const blastRadius = entityOf(recorded, principal.id)?.attrs.blastRadius
  const identity = { id: principal.id, blastRadius }
  const mayReport = recorded.of === 'token' && !isAny
  const isPrivileged = privilegedOn(memory, recorded)
  const answers = actionsOf(memory, recorded).map((name) => {
    const isReportOnly = mayReport && engines.isReportOnly({ identity, resource: resource.id, action: name })
    const lenience = { isReportOnly, isPrivileged: isPrivileged(name) }
    const request = requestAt(recorded, name, when)
    const answer = answerAction(engines, request, lenience)
    return [
      name,
      answer.isAllowed && !isWithinThen(engines, recorded, request, { when, environment }) ? EXCEEDS_PARENT : answer,
    ] as const
  })
  return { ...summed(answers, isAny), revision }
}

/** The Cedar request of one action of a recorded request, at a moment. */
export const requestAt = (recorded: RecordedRequest, action: string, when: Date): Request => ({
  principal: recorded.principal,
  action: actionUid(recorded.resource, action),
  resource: recorded.resource,
  context: at(recorded.context, when),
  entities: [...recorded.entities],
})

/** The actions that were asked for; where none was named, all that the resource has now. */
export const actionsOf = (memory: Ground, recorded: RecordedRequest): readonly string[] =>
  recorded.actions.length > 0
    ? recorded.actions
    : (memory.base().resource(recorded.resource.id)?.actions ?? []).map(({ name }) => name)

const isWithinThen = (
  engines: Enforcement,
  recorded: RecordedRequest,
  request: Request,
  { when, environment }: { readonly when: Date; readonly environment: string | undefined },
): boolean =>
  isWithinRecorded(engines, recorded.ancestors ?? [], {
    request,
    context: recorded.context,
    when,
    environment: environment ?? entityOf(recorded, recorded.resource.id)?.attrs.environment,
  })

// Whether an action is privileged, by what the resource or the application says of it now.
const privilegedOn = (memory: Ground, { of, resource }: RecordedRequest): ((action: string) => boolean) => {
  if (of === 'evaluation') {
    const [namespace, type] = resource.type.split('::')
    const application = memory.base().stored.applications.find(({ name }) => name === namespace)
    const actions = application?.resources.find((one) => one.type === type)?.actions ?? []
    return (name) => actions.some((action) => action.name === name && isStrong(action.effect))
  }
  const on = memory.base().resource(resource.id)
  return (name) => on !== undefined && hasPrivileged(on, name)
}

// The same order as for a live request; the facts are those that were recorded.
const brokenInvariant = (recorded: RecordedRequest, environment: string | undefined): Invariant | undefined => {
  const identity = entityOf(recorded, recorded.principal.id)
  const resource = entityOf(recorded, recorded.resource.id)
  if (identity === undefined) return 'reeve:unknown-identity'
  if (resource === undefined) return 'reeve:unknown-resource'
  if (recorded.principal.type !== 'Reeve::Identity') return undefined
  if (identity.attrs.state !== 'active') return 'reeve:not-active'
  const isApart = identity.attrs.environment !== (environment ?? resource.attrs.environment)
  return isApart && recorded.exception === null ? 'reeve:environment-isolation' : undefined
}

// What is asked about has to be there still: on what was recorded of it nothing is decided any more.
const unregistered = (memory: Ground, recorded: RecordedRequest): Invariant | undefined => {
  const { of, actions, principal, resource } = recorded
  if (of === 'token') {
    const known = memory
      .base()
      .resource(resource.id)
      ?.actions.map(({ name }) => name)
    if (known === undefined) return 'reeve:unknown-resource'
    return actions.every((action) => known.includes(action)) ? undefined : 'reeve:unknown-action'
  }
  const [namespace, type = ''] = resource.type.split('::')
  const index = applicationIndex(memory.base().stored.applications)
  const on = index.resource(type)
  if (on === undefined || on.application.name !== namespace || !isThere(on, resource.id))
    return 'reeve:unknown-resource'
  if (!actions.every((action) => on.actions.has(action))) return 'reeve:unknown-action'
  if (principal.type === 'Reeve::Identity') return undefined
  const subjects = index.subject(principal.type.split('::')[1] ?? '')
  return subjects?.application === on.application && isThere(subjects, principal.id)
    ? undefined
    : 'reeve:unknown-identity'
}

const isThere = ({ declared, entities }: IndexedType, id: string): boolean => declared.isOpen || entities.has(id)

// An application's things have no environment of their own; it is the application's.
const environmentOf = (memory: Ground, { of, resource }: RecordedRequest): string | undefined =>
  of === 'evaluation'
    ? (memory.base().stored.applications.find(({ name }) => resource.type.startsWith(`${name}::`))?.environment ?? '')
    : undefined

const entityOf = (recorded: RecordedRequest, id: string): Entity | undefined =>
  recorded.entities.find((entity) => entity.uid.id === id)
