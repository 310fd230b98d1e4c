import type { EntityConstraint, EstUid } from '@reeve/cedar'
import { readPolicy, type SourcePolicy, uidOf } from './engine/index.ts'
import type { Fragment } from './store-fragment.ts'

/**
 * Why a policy is outside of a fragment's scope, if it is. Its head must name whom and what it is about: a team and a
 * resource of the scope, and actions of its resources one by one; conditions can only make that less. A forbid is held to
 * the same, so that it stops nobody else.
 */
export const policyOutside = (
  source: SourcePolicy,
  { prefix, teams, resources }: Fragment,
  actions: ReadonlySet<string>,
): string | undefined => {
  const read = readPolicy(source)
  if ('problem' in read) return `cannot be read: ${read.problem.message}`
  const { principal, action, resource, annotations } = read.est
  if (!source.id.startsWith(prefix)) return `has an @id that does not begin with ${prefix}`
  const marked = MARKS.find((mark) => Object.hasOwn(annotations ?? {}, mark))
  if (marked !== undefined) return `is marked @${marked}, which only the main directory may`
  if (!isNamed(principal, 'Reeve::Identity', 'Reeve::Team', teams))
    return `must begin with principal in a team of ${teams.join(', ')}`
  if (!isNamed(resource, 'Reeve::Resource', 'Reeve::Resource', resources))
    return `must name its resource as one of ${resources.join(', ') || 'none, for its scope has none'}`
  const named = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : []
  const isOwn = (uid: EstUid): boolean => uidOf(uid).type === 'Reeve::Action' && actions.has(uidOf(uid).id)
  return named.length > 0 && named.every(isOwn) ? undefined : 'must name its actions, each of a resource of its scope'
}

const MARKS = ['guardrail', 'critical']

const isNamed = (head: EntityConstraint, of: string, type: string, names: readonly string[]): boolean => {
  if (head.op === 'is' && head.entity_type !== of) return false
  const group = head.op === 'is' ? head.in : head.op === 'in' ? head : undefined
  if (group === undefined || !('entity' in group)) return false
  const uid = uidOf(group.entity)
  return uid.type === type && names.includes(uid.id)
}
