import type { ActionType, EntityType, SchemaJson, Type, TypeOfAttribute } from '@cedar-policy/cedar-wasm/nodejs'
import type { Application, SubjectType, ValueType } from './domain/application.ts'
import { ACCESS_OF_EFFECT } from './domain/resource.ts'

/** The namespace of one application: its types, and its actions for its own subjects and for registered identities. */
export const applicationNamespace = (application: Application): SchemaJson<string>[string] => {
  const types = [...application.subjects, ...application.resources]
  const principalTypes = [...application.subjects.map(({ type }) => type), 'Reeve::Identity']
  const actions = new Map<string, ActionType<string>>()
  for (const { type, actions: named } of application.resources)
    for (const { name, effect } of named) {
      const resourceTypes = [...(actions.get(name)?.appliesTo?.resourceTypes ?? []), type]
      const groups = [...(actions.get(name)?.memberOf ?? []), groupOf(ACCESS_OF_EFFECT[effect])]
      const memberOf = [...new Map(groups.map((group) => [group.id, group])).values()]
      actions.set(name, { appliesTo: { principalTypes, resourceTypes, context: { type: 'Context' } }, memberOf })
    }
  return {
    commonTypes: { Context: contextType(application) },
    entityTypes: Object.fromEntries(types.map((type) => [type.type, entityType(type)])),
    actions: Object.fromEntries(actions),
  }
}

const groupOf = (access: string) => ({ type: 'Reeve::Action', id: `access:${access}` })

/**
 * The server's facts, most of them of registered identities alone, and under `request` what the caller says of the action.
 * INVARIANT: what a caller says stands nowhere else, so it adds to the facts and never overrides one.
 */
const contextType = ({ resources }: Application): Type<string> => {
  const facts = resources.flatMap(({ actions }) => actions.flatMap((action) => Object.entries(action.facts)))
  return record({
    now: { type: 'Extension', name: 'datetime' },
    weekday: maybe({ type: 'String' }),
    ...OF_IDENTITIES,
    request: maybe(optional(Object.fromEntries(facts))),
  })
}

const entityType = ({ attributes, stated }: SubjectType): EntityType<string> => ({
  shape: optional({ ...attributes, ...stated }),
})

const TEXTS = [
  ...['sourceRegion', 'attestation', 'devicePosture', 'instance'],
  ...['workflow', 'repository', 'environment', 'pipeline', 'pipelineStage'],
]
const OF_IDENTITIES: Record<string, TypeOfAttribute<string>> = {
  ...Object.fromEntries(TEXTS.map((name) => [name, { type: 'String', required: false }])),
  sourceIp: { type: 'Extension', name: 'ipaddr', required: false },
  risk: { type: 'Long', required: false },
}

const optional = (types: Readonly<Record<string, ValueType>>): Type<string> =>
  record(Object.fromEntries(Object.entries(types).map(([name, type]) => [name, maybe(VALUES[type])])))

const record = (attributes: Record<string, TypeOfAttribute<string>>): Type<string> => ({ type: 'Record', attributes })
const maybe = (type: Type<string>): TypeOfAttribute<string> => ({ ...type, required: false })

const VALUES: Readonly<Record<ValueType, Type<string>>> = {
  string: { type: 'String' },
  long: { type: 'Long' },
  boolean: { type: 'Boolean' },
  strings: { type: 'Set', element: { type: 'String' } },
  datetime: { type: 'Extension', name: 'datetime' },
  ip: { type: 'Extension', name: 'ipaddr' },
}
