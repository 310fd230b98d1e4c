import { isGuardrail } from '../memory/base.ts'
import type { ChangedPolicy } from './changed-policies.ts'
import type { PlanWork } from './plan-work.ts'
import { policyPlace } from './policy-place.ts'

/** Something about a change that should be seen before anything else of it. */
export interface Callout {
  readonly kind: 'privileged' | 'cross-environment' | 'approval' | 'guardrail' | 'control-plane'
  readonly text: string
  readonly place: string | null
}

/** What of the changed policies themselves is called out: guardrails, and who may do what to this server. */
export const policyCallouts = (work: PlanWork): readonly Callout[] => [
  ...work.plan.needsApproval.map(
    (text): Callout => ({ kind: 'approval', text: `needs an approval: ${text}`, place: null }),
  ),
  ...work.changed.texts.flatMap((changed) => calloutsOf(work, changed)),
]

const calloutsOf = (work: PlanWork, changed: ChangedPolicy): readonly Callout[] => {
  const { id, source, side, change, est } = changed
  const place = policyPlace(work, id)
  const found: Callout[] = []
  // Of a changed policy both texts are looked at: the guardrail that was, and the permit that would be.
  if (side === 'live' && isGuardrail(source) && change !== 'added')
    found.push({ kind: 'guardrail', text: `the guardrail ${id} would be ${change}`, place })
  if (side === 'planned' && isPermit(source.text) && mayBeOperation(work, est))
    found.push({ kind: 'control-plane', text: `${id} would permit operations of this server`, place })
  return found
}

const isPermit = (text: string): boolean => /\bpermit\s*\(/.test(text.replace(TEXTS_AND_COMMENTS, ''))

const TEXTS_AND_COMMENTS = /"(?:[^"\\]|\\.|\\$)*(?:"|$)|\/\/[^\n\r]*/gs

// An action that no resource has is an operation of this server, or a group that holds some.
const mayBeOperation = ({ sides }: PlanWork, { action }: ChangedPolicy['est']): boolean => {
  if (action.op === 'All' || !('entities' in action || 'entity' in action)) return true
  const named = 'entities' in action ? action.entities : [action.entity]
  const ours = new Set(sides.planned.base().stored.resources.flatMap(({ actions }) => actions.map(({ name }) => name)))
  return named.some((entity) => !ours.has(('__entity' in entity ? entity.__entity : entity).id))
}
