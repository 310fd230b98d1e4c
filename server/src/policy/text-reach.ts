import type { ActionConstraint, EntityConstraint, EstUid } from '@reeve/cedar'
import type { PolicyText } from './domain/policy-set.ts'
import { isPrivileged, type Resource, type ResourceAction } from './domain/resource.ts'
import { policyHead } from './engine/index.ts'
import { sourcesOf } from './memory/base.ts'

/**
 * Why a set of texts needs an approval, if it does: a permit that may reach identities and gives every action, or one
 * that is privileged or impersonates. Only heads are looked at; a condition makes no permit smaller here.
 */
export const textApprovalReason = (
  texts: readonly PolicyText[],
  resources: readonly Resource[],
): string | undefined => {
  for (const { id, text } of sourcesOf(texts).sources) {
    const head = policyHead(text)
    if (head === undefined) return `${id} cannot be read`
    const { effect, principal, action, resource } = head
    if (effect !== 'permit' || !mayBeIdentity(principal)) continue
    if (action.op === 'All') return `${id} permits every action`
    const reached = resources.filter((one) => mayBeResource(resource, one))
    for (const one of reached) {
      const found = one.actions.find((each) => isPrivileged(each.effect) && isNamed(action, each))
      if (found !== undefined) return `${id} permits ${found.name} on ${one.name}, which is ${found.effect}`
    }
  }
  return undefined
}

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

const isNamed = (constraint: ActionConstraint, action: ResourceAction): boolean => {
  if (constraint.op === 'All') return true
  // The slot of a template may be filled with any action.
  if (!('entities' in constraint || 'entity' in constraint)) return true
  const named = 'entities' in constraint ? constraint.entities : [constraint.entity]
  return named.some((entity) => [action.name, 'access:admin'].includes(uidOf(entity).id))
}

const uidOf = (entity: EstUid): { type: string; id: string } => ('__entity' in entity ? entity.__entity : entity)
