import type { PolicyEst } from '@reeve/cedar'
import { hasFreeEntity } from '../engine/index.ts'

/** What conditions look at of a resource and its action: these attributes alone, or more than attributes can tell. */
export interface LookedAt {
  readonly attributes: readonly string[]
  /** The resource itself, or the action, is compared or looked up. */
  readonly isMore: boolean
}

/** What of the resource the conditions of a policy depend on, so that resources alike in it need one look. */
export const whatOfResource = (conditions: PolicyEst['conditions']): LookedAt =>
  whatOf(conditions, 'resource', ['resource', 'action'])

/** The same of whoever asks, or of the resource where the action is known. */
export const whatOf = (
  conditions: PolicyEst['conditions'],
  variable: 'principal' | 'resource',
  whole: readonly unknown[] = [variable],
): LookedAt => {
  const attributes = new Set<string>()
  // Named itself, an entity may be the very one that is looked at.
  let isMore = conditions.some(({ body }) => hasFreeEntity(body))
  const walk = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    const attribute = attributeOf(part, variable)
    if (attribute !== undefined) {
      attributes.add(attribute)
      return
    }
    if ('Var' in part && whole.includes(part.Var)) isMore = true
    for (const inner of Object.values(part)) walk(inner)
  }
  for (const { body } of conditions) walk(body)
  return { attributes: [...attributes].sort(), isMore }
}

/** Of `resource.name` and `resource has name`, the name. */
const attributeOf = (part: object, variable: string): string | undefined => {
  const look: unknown = '.' in part ? part['.'] : 'has' in part ? part.has : undefined
  const { left, attr } = Object(look)
  return Object(left).Var === variable && typeof attr === 'string' ? attr : undefined
}
