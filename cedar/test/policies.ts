import type { EntityUid } from '../src/index.ts'
import type { Entropy } from './entropy.ts'
import { uidText, type Writer } from './expressions.ts'
import { actionUid, ENTITY_TYPES, entityUid } from './world.ts'

/** One policy as text, and, where it is a template, what fills its slots. */
export interface Written {
  id: string
  text: string
  values?: Record<string, EntityUid>
}

export const policies = (of: Entropy, writer: Writer): Written[] =>
  Array.from({ length: 4 + of.below(10) }, (_, at) => policy(of, writer, `p${at}`))

const policy = (of: Entropy, writer: Writer, id: string): Written => {
  const values: Record<string, EntityUid> = {}
  const isTemplate = of.oneIn(7)
  const name = (slot: 'principal' | 'resource'): string => {
    if (!isTemplate || of.oneIn(3)) return uidText(entityUid(of))
    values[`?${slot}`] = entityUid(of)
    return `?${slot}`
  }
  // Most conditions stand under a head that always matches: the conditions are the point of most policies.
  const about = (variable: 'principal' | 'resource'): string => {
    switch (of.below(10)) {
      case 1:
        return `${variable} == ${name(variable)}`
      case 2:
        return `${variable} in ${name(variable)}`
      case 3:
        return `${variable} is ${of.pick([...ENTITY_TYPES, 'Action'])}`
      case 4:
        return `${variable} is ${of.pick(ENTITY_TYPES)} in ${name(variable)}`
      default:
        return isTemplate && Object.keys(values).length === 0 ? `${variable} in ${name(variable)}` : variable
    }
  }
  const principal = about('principal')
  const action = of.pick([
    () => 'action',
    () => 'action',
    () => 'action',
    () => `action == ${uidText(actionUid(of))}`,
    () => `action in ${uidText(actionUid(of))}`,
    () => `action in [${of.some(3, () => uidText(actionUid(of))).join(', ')}]`,
  ])()
  const resource = about('resource')
  const clauses = of.some(
    2,
    () => `${of.oneIn(4) ? 'unless' : 'when'} { ${writer.expression({ is: 'bool' }, 1 + of.below(4))} }`,
  )
  const text = `${of.oneIn(6) ? 'forbid' : 'permit'} (${principal}, ${action}, ${resource}) ${clauses.join(' ')};`
  return Object.keys(values).length > 0 ? { id, text, values } : { id, text }
}
