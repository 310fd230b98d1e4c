import type { ActionConstraint, EntityConstraint, EstUid } from '@reeve/cedar'
import type { Needed } from '../settings.ts'
import type { Application } from './domain/application.ts'
import type { PolicyText } from './domain/policy-set.ts'
import { isPrivileged, type Resource } from './domain/resource.ts'
import { policyHead } from './engine/index.ts'
import { sourcesOf } from './memory/base.ts'

/**
 * Why a set of texts needs an approval, if it does: a permit of every action or of a part of the control plane that
 * does more than read, whoever it is for; and one that gives identities what is privileged or impersonates. Only heads
 * are looked at; a condition makes no permit smaller here. `isReading` says which operations only read.
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
    const head = policyHead(text)
    if (head === undefined) return `${id} cannot be read`
    const { effect, principal, action, resource } = head
    if (effect !== 'permit') continue
    const actions = actionsOf(action)
    if (actions === undefined) return `${id} permits every action`
    const strong = actions.find((one) => ofApplications.get(one.type)?.get(one.id) === true)
    if (strong !== undefined) return `${id} permits ${strong.id}, which is privileged or impersonates`
    const names = actions.filter(({ type }) => !ofApplications.has(type)).map((one) => one.id)
    const control = names.find((name) => !isHarmless(name))
    if (control !== undefined) return `${id} permits ${control}, which may be an operation of this server`
    if (!mayBeIdentity(principal)) continue
    const reached = resources.filter((one) => mayBeResource(resource, one))
    for (const one of reached) {
      const found = one.actions.find((each) => isPrivileged(each.effect) && names.includes(each.name))
      if (found !== undefined) return `${id} permits ${found.name} on ${one.name}, which is ${found.effect}`
    }
  }
  return undefined
}

/** Whose approval a set of texts takes that needs one: security's, for it says who may do what on everybody's things. */
export const textNeeds = (reason: string): Needed => ({ need: 'one', teams: [null], why: [reason] })

const mayBeIdentity = (constraint: EntityConstraint): boolean => {
  if (constraint.op === 'is') return constraint.entity_type === 'Reeve::Identity'
  if (constraint.op === '==' && 'entity' in constraint) return uidOf(constraint.entity).type === 'Reeve::Identity'
  return true
}

// Names and ids both stand for a resource; a team or the deployment may hold any.
const mayBeResource = (constraint: EntityConstraint, resource: Resource): boolean => {
  if (constraint.op === 'is') return constraint.entity_type === 'Reeve::Resource'
  if (constraint.op === 'All' || !('entity' in constraint)) return true
  const named = uidOf(constraint.entity)
  return named.type !== 'Reeve::Resource' || named.id === resource.id || named.id === resource.name
}

// The slot of a template may be filled with any action, as where none is named.
const actionsOf = (constraint: ActionConstraint): readonly { type: string; id: string }[] | undefined => {
  if (constraint.op === 'All' || !('entities' in constraint || 'entity' in constraint)) return undefined
  const named = 'entities' in constraint ? constraint.entities : [constraint.entity]
  return named.map(uidOf)
}

/** Whether each action of an application is privileged or impersonates, on any of its types. */
const actionsIn = ({ resources }: Application): ReadonlyMap<string, boolean> => {
  const strong = new Map<string, boolean>()
  for (const { name, effect } of resources.flatMap(({ actions }) => actions))
    strong.set(name, strong.get(name) === true || isPrivileged(effect))
  return strong
}

/** The type and the id of an entity, in either of its two spellings. */
export const uidOf = (entity: EstUid): { type: string; id: string } => ('__entity' in entity ? entity.__entity : entity)
