import { type Entity, type EntityStore, prepareEntities, uidText } from '@reeve/cedar'
import type { PolicySchema } from './check-policies.ts'
import { callOfficial } from './official.ts'

/** An action and all its groups, as the schema has them. */
export interface ActionGroups {
  readonly entities: Entity[]
  /** The same, ready for the compiled evaluator. */
  readonly store: EntityStore
}

/** The groups of each action that is in one, by the action's type and then its id. */
export type ActionHierarchy = ReadonlyMap<string, ReadonlyMap<string, ActionGroups>>

/** Reads the groups of actions from a schema, or says why the schema cannot be read. */
export const actionHierarchy = (
  schema: PolicySchema,
): { ok: true; hierarchy: ActionHierarchy } | { ok: false; message: string } => {
  const read = toJson(schema)
  if (!read.ok) return read
  const actions = new Map<string, Entity>()
  for (const [namespace, { actions: named }] of Object.entries(read.json)) {
    const own = namespace === '' ? 'Action' : `${namespace}::Action`
    for (const [id, { memberOf = [] }] of Object.entries(named)) {
      const parents = memberOf.map((group) => ({ type: group.type?.includes('::') ? group.type : own, id: group.id }))
      const uid = { type: own, id }
      actions.set(uidText(uid), { uid, attrs: {}, parents })
    }
  }
  const hierarchy = new Map<string, Map<string, ActionGroups>>()
  for (const action of actions.values()) {
    if (action.parents.length === 0) continue
    const entities = withGroups(action, actions)
    const prepared = prepareEntities(entities)
    if (!prepared.ok) return { ok: false, message: prepared.problem }
    const { type, id } = action.uid
    const ofType = hierarchy.get(type) ?? new Map<string, ActionGroups>()
    hierarchy.set(type, ofType.set(id, { entities, store: prepared.store }))
  }
  return { ok: true, hierarchy }
}

// What is JSON already is judged by the type checker with the policies; reading it here too would take as long again.
const toJson = (
  schema: PolicySchema,
): { ok: true; json: Exclude<PolicySchema, string> } | { ok: false; message: string } => {
  if (typeof schema !== 'string') return { ok: true, json: schema }
  const called = callOfficial((cedar) => cedar.schemaToJson(schema))
  if (!called.ok) return { ok: false, message: 'the schema cannot be read' }
  const { result } = called
  if (result.type === 'failure') return { ok: false, message: result.errors[0]?.message ?? 'the schema cannot be read' }
  return { ok: true, json: result.json }
}

const withGroups = (action: Entity, actions: ReadonlyMap<string, Entity>): Entity[] => {
  const found = new Set([action])
  for (const entity of found)
    for (const parent of entity.parents) {
      const group = actions.get(uidText(parent))
      if (group) found.add(group)
    }
  return [...found]
}
