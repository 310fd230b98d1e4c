import type { EntityConstraint, PolicyEst } from '@reeve/cedar'
import type { Application } from './domain/application.ts'
import { ACCESS_OF_EFFECT, type Resource, type ResourceAction } from './domain/resource.ts'
import { namedActions, uidOf } from './engine/index.ts'

/** Whether a head may be about registered identities. */
export const mayBeIdentity = (constraint: EntityConstraint): boolean => {
  if (constraint.op === 'is') return constraint.entity_type === 'Reeve::Identity'
  if (constraint.op === '==' && 'entity' in constraint) return uidOf(constraint.entity).type === 'Reeve::Identity'
  return true
}

/** Whether a head may be about this resource. Names and ids both stand for one; a team or the deployment may hold any. */
export const mayBeResource = (constraint: EntityConstraint, resource: Resource): boolean => {
  if (constraint.op === 'is') return constraint.entity_type === 'Reeve::Resource'
  if (constraint.op === 'All' || !('entity' in constraint)) return true
  const named = uidOf(constraint.entity)
  return named.type !== 'Reeve::Resource' || named.id === resource.id || named.id === resource.name
}

/** Whether a head may be about things of this type of an application. */
const mayBeType = (constraint: EntityConstraint, type: string): boolean => {
  if (constraint.op === 'All') return true
  if (constraint.op === 'is') return constraint.entity_type === type
  return !('entity' in constraint) || uidOf(constraint.entity).type === type
}

/** The types of an application's things that a head may be about, as policies name them, with the actions that it names. */
export const permittedTypes = (
  head: Pick<PolicyEst, 'action' | 'resource'>,
  { name, resources }: Application,
): readonly (Pick<Resource, 'name' | 'sensitivity'> & { readonly actions: readonly ResourceAction[] })[] => {
  const named = namedActions(head.action)
  const isNamed = (action: ResourceAction): boolean =>
    named === undefined ||
    named.some(({ type, id }) =>
      type === `${name}::Action` ? id === action.name : id === `access:${ACCESS_OF_EFFECT[action.effect]}`,
    )
  return resources
    .filter(({ type }) => mayBeType(head.resource, `${name}::${type}`))
    .map(({ type, sensitivity, actions }) => ({
      name: `${name}::${type}`,
      sensitivity,
      actions: actions.filter(isNamed),
    }))
}
