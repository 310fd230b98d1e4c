import type { EntityUid } from '../entity-uid.ts'
import type { EntityConstraint, PolicyEst } from '../policy-est.ts'
import { readUid } from '../values/read-uid.ts'

/** What fills the slots of a template. */
export type SlotValues = Readonly<Record<string, EntityUid>>

/** Fills the slots of a template, or says which has no value, or which value has no slot. */
export const linkTemplate = (
  template: PolicyEst,
  values: SlotValues,
): { ok: true; est: PolicyEst } | { ok: false; problem: string } => {
  const used = new Set<string>()
  const principal = filled(template.principal, values, used)
  if (typeof principal === 'string') return { ok: false, problem: principal }
  const resource = filled(template.resource, values, used)
  if (typeof resource === 'string') return { ok: false, problem: resource }
  const idle = Object.keys(values).find((slot) => !used.has(slot))
  if (idle !== undefined) return { ok: false, problem: `the template has no slot ${idle}` }
  return { ok: true, est: { ...template, principal, resource } }
}

const filled = (constraint: EntityConstraint, values: SlotValues, used: Set<string>): EntityConstraint | string => {
  const fill = (slot: string): { entity: EntityUid } | string => {
    const uid = Object.hasOwn(values, slot) ? readUid(values[slot]) : undefined
    if (typeof uid !== 'object') return uid ?? `the slot ${slot} has no value`
    used.add(slot)
    return { entity: uid }
  }
  if ('slot' in constraint) {
    const entity = fill(constraint.slot)
    if (typeof entity === 'string') return entity
    return constraint.op === '==' ? { op: '==', ...entity } : { op: 'in', ...entity }
  }
  if (constraint.op !== 'is' || !constraint.in || !('slot' in constraint.in)) return constraint
  const within = fill(constraint.in.slot)
  return typeof within === 'string' ? within : { ...constraint, in: within }
}
