import { type Entity, type EntityUid, uidText, type World } from '@reeve/cedar'
import type { Effect, Resource } from '../domain/resource.ts'
import { uid } from '../memory/entities.ts'

const GROUPS: Readonly<Record<Effect, string>> = {
  read: 'access:read',
  write: 'access:write',
  privileged: 'access:admin',
  impersonate: 'access:admin',
}

/** Actions as entities: each in the groups of its effects, over all resources that have it, as the schema has it. */
export const actionEntities = (resources: readonly Resource[]): ReadonlyMap<string, Entity> => {
  const made = new Map<string, Entity>()
  for (const { actions } of resources)
    for (const { name, effect } of actions) {
      const known = made.get(name)?.parents ?? []
      const group = uid('Action', GROUPS[effect])
      const parents = known.some(({ id }) => id === group.id) ? known : [...known, group]
      made.set(name, { uid: uid('Action', name), attrs: {}, parents })
    }
  return made
}

/** What is known of one identity, or of anybody, at one resource: entities and what these are in; the context is open. */
export const registerWorld = (
  named: { readonly principal?: EntityUid; readonly action: EntityUid; readonly resource: EntityUid },
  entities: readonly Entity[],
): World => {
  const byName = new Map(entities.map((entity) => [uidText(entity.uid), entity]))
  return {
    ...named,
    entity: (asked) => byName.get(uidText(asked)),
    isIn: (asked, group) => {
      const wanted = uidText(group)
      const found = new Set([uidText(asked)])
      // A set is walked in the order of insertion, including what is added on the way.
      for (const name of found) for (const parent of byName.get(name)?.parents ?? []) found.add(uidText(parent))
      if (found.has(wanted)) return true
      return byName.has(uidText(asked)) ? false : undefined
    },
  }
}
