import type { BlastRadius, Identity } from './identity.ts'
import { isWider } from './tier.ts'

/** Living children of one identity, at most. */
export const CHILDREN_MAX = 20
/** How far below an identity that nobody spawned: a child, its child, and one more. */
export const DEPTH_MAX = 3

/** What a child must not exceed; each entry names the field that did. */
export const exceedsParent = (
  parent: Identity,
  child: {
    readonly ownerId: string
    readonly environment: string
    readonly blastRadius: BlastRadius
    readonly expiresAt: Date
  },
): { readonly field: string; readonly detail: string } | undefined => {
  if (child.ownerId !== parent.ownerId) return { field: 'owner', detail: 'a child belongs to the owner of its parent' }
  if (child.environment !== parent.environment)
    return { field: 'environment', detail: `a child is in the environment of its parent, ${parent.environment}` }
  if (isWider(child.blastRadius, parent.effectiveBlastRadius))
    return { field: 'classification.blastRadius', detail: `the parent is ${parent.effectiveBlastRadius}` }
  if (child.expiresAt > parent.expires.at)
    return { field: 'expiresAt', detail: `the parent expires at ${parent.expires.at.toISOString()}` }
  return undefined
}
