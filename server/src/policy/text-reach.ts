import type { ActionConstraint, EntityConstraint, EstUid } from '@reeve/cedar'
import type { Needed } from '../settings.ts'
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
  resources: readonly Resource[],
  isReading: (operation: string) => boolean,
): string | undefined => {
  const ofResources = new Set(resources.flatMap(({ actions }) => actions.map(({ name }) => name)))
  const isHarmless = (name: string): boolean => name === 'access:read' || ofResources.has(name) || isReading(name)
  for (const { id, text } of sourcesOf(texts).sources) {
    const head = policyHead(text)
    if (head === undefined) return `${id} cannot be read`
    const { effect, principal, action, resource } = head
    if (effect !== 'permit') continue
    const names = namesOf(action)
    if (names === undefined) return `${id} permits every action`
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
const namesOf = (constraint: ActionConstraint): readonly string[] | undefined => {
  if (constraint.op === 'All' || !('entities' in constraint || 'entity' in constraint)) return undefined
  const named = 'entities' in constraint ? constraint.entities : [constraint.entity]
  return named.map((entity) => uidOf(entity).id)
}

const uidOf = (entity: EstUid): { type: string; id: string } => ('__entity' in entity ? entity.__entity : entity)
