import type { Needed } from '../settings.ts'
import type { Application } from './domain/application.ts'
import type { PolicyText } from './domain/policy-set.ts'
import {
  ACCESS_OF_EFFECT,
  calledGrave,
  isPrivileged,
  isSensitive,
  type Resource,
  type ResourceAction,
} from './domain/resource.ts'
import { namedActions, readSource } from './engine/index.ts'
import { mayBeIdentity, mayBeResource, permittedTypes } from './head-reach.ts'
import { sourcesOf } from './memory/base.ts'

/**
 * Why a set of texts needs an approval, if it does: a permit of every action or of a part of the control plane that
 * does more than read, whoever it is for; and one that gives identities what a grant would make them of a higher tier
 * by: what is privileged, impersonates or writes, and whatever is done to what is sensitive. Only heads are looked at; a
 * condition makes no permit smaller here. `isReading` says which operations only read.
 */
export const textApprovalReason = (
  texts: readonly PolicyText[],
  known: {
    readonly resources: readonly Resource[]
    readonly applications: readonly Application[]
    isReading(operation: string): boolean
  },
): string | undefined => {
  const { resources, applications, isReading } = known
  const ofResources = new Set(resources.flatMap(({ actions }) => actions.map(({ name }) => name)))
  const isHarmless = (name: string): boolean => name === 'access:read' || ofResources.has(name) || isReading(name)
  const ofApplications = new Map(applications.map((one) => [`${one.name}::Action`, actionsIn(one)]))
  for (const { id, text } of sourcesOf(texts).sources) {
    const head = readSource(text)
    if (head === undefined) return `${id} cannot be read`
    const { effect, principal, action, resource } = head
    if (effect !== 'permit') continue
    const actions = namedActions(action)
    if (actions === undefined) return `${id} permits every action`
    const strong = actions.find((one) => ofApplications.get(one.type)?.get(one.id) === true)
    if (strong !== undefined) return `${id} permits ${strong.id}, which is privileged or impersonates`
    const names = actions.filter(({ type }) => !ofApplications.has(type)).map((one) => one.id)
    const control = names.find((name) => !isHarmless(name))
    if (control !== undefined) return `${id} permits ${control}, which may be an operation of this server`
    if (!mayBeIdentity(principal)) continue
    const registered = resources.filter((one) => mayBeResource(resource, one))
    const grave =
      graveIn(reachOf(names, registered)) ??
      graveIn(
        applications.flatMap((one) =>
          permittedTypes(head, one).map((type) => ({ resource: type, actions: type.actions })),
        ),
      )
    if (grave !== undefined) return `${id} permits ${grave}`
  }
  return undefined
}

// An action is named by itself or by the group of its effect.
const reachOf = (names: readonly string[], resources: readonly Resource[]): readonly Reached[] =>
  resources.map((resource) => ({
    resource,
    actions: resource.actions.filter(
      ({ name, effect }) => names.includes(name) || names.includes(`access:${ACCESS_OF_EFFECT[effect]}`),
    ),
  }))

/** The gravest thing that is reached, of what takes more than automatic checks to be granted. */
const graveIn = (reach: readonly Reached[]): string | undefined => {
  const found = (test: (action: ResourceAction, on: Reached['resource']) => boolean) =>
    reach.flatMap(({ resource, actions }) =>
      actions.filter((action) => test(action, resource)).map((action) => ({ action, resource })),
    )[0]
  const strong = found(({ effect }) => isPrivileged(effect)) ?? found(({ effect }) => effect !== 'read')
  const grave = strong ?? found((_, { sensitivity }) => isSensitive(sensitivity))
  return (
    grave && `${grave.action.name} on ${grave.resource.name}, which is ${calledGrave(grave.action, grave.resource)}`
  )
}

interface Reached {
  readonly resource: Pick<Resource, 'name' | 'sensitivity'>
  readonly actions: readonly ResourceAction[]
}

/** Whose approval a set of texts takes that needs one: security's, for it says who may do what on everybody's things. */
export const textNeeds = (reason: string): Needed => ({ need: 'one', teams: [null], why: [reason] })

/** Whether each action of an application is privileged or impersonates, on any of its types. */
const actionsIn = ({ resources }: Application): ReadonlyMap<string, boolean> => {
  const strong = new Map<string, boolean>()
  for (const { name, effect } of resources.flatMap(({ actions }) => actions))
    strong.set(name, strong.get(name) === true || isPrivileged(effect))
  return strong
}
